import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseAnytimeFile } from "../../../src-main/engine/spaces/anytime/file.ts";
import { parseCellFile } from "../../../src-main/engine/spaces/cell/file.ts";
import { exportChoices, writeExport } from "../../../src-main/export/index.ts";
import { nodeLauncher } from "../../../src-main/runs/child/launcher.ts";
import { openProjectServices, type RunServices } from "../../../src-main/runs/run-services.ts";
import { createProject } from "../../../src-main/store/project/project.ts";
import { areaUnderCurve } from "../../../src-shared/analysis/curves/anytime-curve.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { temporaryFolder } from "../support/project.ts";
import { tinyConfig } from "../support/tiny.ts";

const AUGMENTATION = { cropPadding: 1, horizontalFlip: false };
const BUDGET = 100_000;

const CONFIG = tinyConfig({
  kind: "anytime",
  network: { initialChannels: 4 },
  space: { nodes: [3, 2, 1], exits: 3 },
  ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: 1 },
  training: { epochs: 1, batchSize: 16, validationCells: 1, validationImages: 50, maxBudget: BUDGET, augmentation: AUGMENTATION },
  search: { samples: 5, validationImages: 50, batchSize: 50, maxBudget: BUDGET, shortlist: 2, randomBaseline: 1 },
  winners: 1,
  randomPicks: 1,
  references: [{ kind: "msdnet", exits: 2, base: 1, step: 1, channels: 2, growth: 2, classifierChannels: 4 }],
  final: { epochs: 6, batchSize: 16, multiplyAddBudget: BUDGET, maxBudget: BUDGET, augmentation: AUGMENTATION },
});

function when(services: RunServices, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (condition()) resolve();
    };
    services.onEvent(look);
    look();
  });
}

async function ended(services: RunServices, runId: string): Promise<RunSummary> {
  await when(services, () => ["completed", "failed", "interrupted", "stopped"].includes(services.store.runs.get(runId)?.status ?? "completed"));
  const run = services.store.runs.get(runId);
  if (run === null) throw new Error("The run has gone.");
  return run;
}

it("an anytime experiment runs end to end, and one whose training is killed ends with the same numbers", { timeout: 300_000 }, async () => {
  const folder = join(temporaryFolder(), "project");
  createProject(folder, "Anytime").close();
  const services = await openProjectServices(folder, { launcher: nodeLauncher(), gpus: [] });
  const { store, commands } = services;
  try {
    const untouched = commands.create("Untouched", CONFIG, []).id;
    const run = await ended(services, untouched);
    expect(run.failure).toBeNull();
    expect(run.status).toBe("completed");

    const candidates = store.candidates.in("anytime").list(untouched, { stages: true }).rows;
    expect(candidates.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, null]);
    expect(candidates.map(({ role }) => role)).toEqual(["shortlist", "shortlist", "none", "none", "none", "random"]);
    const trainings = store.trainings.in("anytime").list(untouched);
    expect(trainings.map(({ role, exits }) => [role, exits.length])).toEqual([
      ["shortlist", 3],
      ["random", 3],
      ["reference", 2],
    ]);
    expect(trainings[0]?.candidateId).toBe(candidates[0]?.id);
    expect(store.candidates.in("anytime").get(candidates[0]?.id ?? -1)).toEqual(candidates[0]);
    for (const { exits, area, maxBudget, chance, multiplyAdds, role } of trainings) {
      expect(area).toBeCloseTo(areaUnderCurve(exits, { maxMultiplyAdds: maxBudget, chance }), 12);
      if (role !== "reference") expect(multiplyAdds).toBeLessThanOrEqual(BUDGET);
    }
    expect(commands.detail(untouched).summary).toMatchObject({ networksRanked: 5, winner: candidates[0]?.name, msdnetTrainings: 1, maxBudget: BUDGET });

    const killed = commands.create("Killed", CONFIG, []).id;
    const training = (): RunSummary | undefined => store.runs.children(killed).find((child) => child.stage === "train");
    // Steps after the last checkpoint are lost and repeated by the resumed run.
    await when(services, () => {
      const stage = training();
      const saved = stage === undefined ? undefined : store.artifacts.checkpoints(stage.id)[0]?.step;
      return stage?.status === "running" && saved !== undefined && saved < (stage.progress?.step ?? 0);
    });
    process.kill(store.runs.record(training()?.id ?? "")?.processId ?? 0, "SIGKILL");
    expect((await ended(services, killed)).status).toBe("interrupted");
    commands.resume(killed);
    expect((await ended(services, killed)).status).toBe("completed");
    expect(commands.detail(training()?.id ?? "").resumedFrom).toHaveLength(1);
    const numbers = (runId: string): unknown => [
      store.candidates
        .in("anytime")
        .list(runId, { stages: true })
        .rows.map(({ name, canonical, score, exits }) => ({ name, canonical, score, exits })),
      store.trainings
        .in("anytime")
        .list(runId)
        .map(({ name, canonical, exits, area, testArea, trainLoss }) => ({ name, canonical, exits, area, testArea, trainLoss })),
      store.runs
        .children(runId)
        .flatMap(({ id }) => store.metrics.all(id))
        .filter(({ name }) => !name.startsWith("system/") && name !== "images-per-second")
        .map(({ name, series, step, value }) => ({ name, series, step, value })),
    ];
    expect(numbers(killed)).toEqual(numbers(untouched));

    const source = { folder, ...store };
    const choices = await exportChoices(source, { type: "run", runId: untouched });
    expect(choices.filter(({ available }) => available).map(({ format }) => format)).toEqual(
      expect.arrayContaining(["cell-json", "cell-svg", "weights-safetensors", "onnx", "config-json", "candidates-csv"]),
    );
    const out = join(folder, "out");
    const files = await writeExport(
      source,
      { type: "run", runId: untouched },
      ["cell-json", "cell-svg", "weights-safetensors", "onnx", "candidates-csv"],
      out,
      "winner",
    );
    const text = (ending: string): string => readFileSync(files.find(({ path }) => path.endsWith(ending))?.path ?? "", "utf8");
    const best = [...trainings].filter(({ role }) => role === "shortlist")[0];
    expect({ kind: "cells", architecture: parseAnytimeFile(text(".cell.json"), "file").architecture }).toEqual(best?.model);
    expect(() => parseCellFile(text(".cell.json"), "file")).toThrow("is not a cell");
    expect(text(".svg").match(/→ exit/g)).toHaveLength(3);
    const manifest = JSON.parse(text(".manifest.json")) as { exits: unknown; tensors: { name: string }[] };
    expect(manifest.exits).toEqual(best?.exits);
    expect(manifest.tensors.some(({ name }) => name.endsWith("/exit/weight"))).toBe(true);
    // ONNX Runtime gives the test accuracies of the training, to the last image.
    const { verification } = files.find(({ format }) => format === "onnx") ?? {};
    if (verification?.outcome !== "agrees") throw new Error(`The network was not verified: ${JSON.stringify(verification)}`);
    expect(verification).toMatchObject({ complete: true, agreeing: verification.images });
    expect(verification.accuracies).toEqual(best?.exits.map(({ testAccuracy }) => testAccuracy));
    // A header, three exits of six scored networks and of two trained ones, two of the reference.
    const table = text(".candidates.csv").trimEnd().split("\r\n");
    expect(table).toHaveLength(1 + 3 * 6 + 3 * 2 + 2);
    expect(table.filter((line) => line.startsWith("trained,MSDNet,reference,"))).toHaveLength(2);
    // A reference has weights but no cells.
    const reference = trainings[2];
    const ofReference = await exportChoices(source, { type: "training", space: "anytime", trainingId: reference?.id ?? -1 });
    expect(ofReference.find(({ format }) => format === "cell-json")?.reason).toContain("reference");
    expect(ofReference.find(({ format }) => format === "weights-safetensors")?.available).toBe(true);
    const [network] = await writeExport(source, { type: "training", space: "anytime", trainingId: reference?.id ?? -1 }, ["onnx"], out, "reference");
    expect(network?.verification).toMatchObject({ outcome: "agrees" });
    // Networks of a search have the weights that its GHN generates.
    const scored = store.runs.children(untouched).flatMap(({ id }) => store.candidates.in("anytime").list(id, { limit: 9 }).rows);
    const [random] = scored.filter(({ role }) => role === "none");
    const [generated] = await writeExport(source, { type: "candidate", space: "anytime", candidateId: random?.id ?? -1 }, ["onnx"], out, "generated");
    expect(generated?.verification).toMatchObject({ outcome: "agrees" });
  } finally {
    await services.close(0);
  }
});
