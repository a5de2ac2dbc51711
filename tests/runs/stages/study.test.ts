import { readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { type ChildHandle, type ChildLauncher, nodeLauncher } from "../../../src-main/runs/child/launcher.ts";
import { openProjectServices, type RunServices } from "../../../src-main/runs/run-services.ts";
import { studyData } from "../../../src-main/runs/stages/study/study-data.ts";
import { createProject } from "../../../src-main/store/project/project.ts";
import { analyseStudy } from "../../../src-shared/analysis/study/study.ts";
import { leaderOf } from "../../../src-shared/analysis/study/study-leader.ts";
import { predictorNames } from "../../../src-shared/domain/config/predictor-names.ts";
import { studyRunSchema } from "../../../src-shared/domain/config/study-config.ts";
import type { RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";
import { temporaryFolder } from "../support/project.ts";
import { TINY_GHN, tinyConfig } from "../support/tiny.ts";

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
  const last: readonly RunStatus[] = ["completed", "failed", "interrupted", "stopped"];
  await when(services, () => last.includes(services.store.runs.get(runId)?.status ?? "completed"));
  const run = services.store.runs.get(runId);
  if (run === null) throw new Error("The run has gone.");
  return run;
}

const SHORT = { epochs: 1, batchSize: 16, dropPath: 0, auxiliaryWeight: 0, augmentation: { cropPadding: 1, horizontalFlip: false } };

function study(propagationSteps: number): ReturnType<typeof tinyConfig> {
  return tinyConfig({
    kind: "study",
    space: { nodes: 2 },
    cells: { count: 5, seed: 4 },
    variants: [{ name: "GHN", ...TINY_GHN, ghn: { ...TINY_GHN.ghn, propagationSteps } }],
    validationImages: 50,
    predictors: { proxyImages: 8, sgdSteps: [1, 2], sgd: SHORT },
    rankAverage: "GHN, by loss + SWAP",
    truth: SHORT,
    noiseCells: 4,
    truthRuns: 2,
  });
}

it("a study trains its cells once, compares all predictors, survives the death of a child and can be reported from the store alone", {
  timeout: 300_000,
}, async () => {
  const folder = join(temporaryFolder(), "project");
  createProject(folder, "Study").close();
  const children: ChildHandle[] = [];
  const node = nodeLauncher();
  const launcher: ChildLauncher = {
    launch(environment) {
      const child = node.launch(environment);
      children.push(child);
      return child;
    },
  };
  const services = await openProjectServices(folder, { launcher, gpus: [], concurrency: 2 });
  const { store } = services;
  try {
    const first = services.commands.create("First", study(1), []).id;
    expect((await ended(services, first)).failure).toBeNull();
    const stages = store.runs.children(first).map((run) => run.stage);
    expect([...stages].sort()).toEqual(["generator-0-1", "prediction", "score-0-1", "truth-1", "truth-2", "truth-3", "truth-4"].sort());
    // Five cells are trained once, and four of them with a second seed.
    expect(store.trainings.list(first)).toHaveLength(9);

    const data = studyData(store, first);
    expect(data.truth.every((value) => value !== null)).toBe(true);
    expect(data.diverged).toBe(0);
    expect(data.repetitions.map((list) => list.length)).toEqual([2, 2, 2, 2, 1]);
    expect(data.predictors.map(({ name }) => name)).toEqual([
      "GHN",
      "GHN, by loss",
      "parameters",
      "multiply-adds",
      "gradient norm",
      "synflow",
      "jacobian covariance",
      "NWOT",
      "SWAP",
      "SWAP, regularised",
      "SGD 1",
      "SGD 2",
      "rank average (GHN, by loss + SWAP)",
    ]);
    // The names that a rank average may use are those that the study measures.
    expect(data.predictors.slice(0, -1).map(({ name }) => name)).toEqual(predictorNames(studyRunSchema.parse(study(1))));
    for (const { name, runs } of data.predictors)
      for (const { values } of runs)
        expect(
          values.filter((value) => value !== null),
          name,
        ).toHaveLength(5);
    // Scores, predictions and ground truth are for the same cells in the same order.
    const candidates = ["score-0-1", "prediction"].map((key) => {
      const stage = store.runs.children(first).find((run) => run.stage === key);
      return store.candidates.list(stage?.id ?? "", { sort: "index" }).rows.map(({ canonical }) => canonical);
    });
    expect(candidates[0]).toEqual(candidates[1]);
    const report = store.artifacts.list(first).find(({ name }) => name === "report.md");
    expect(readFileSync(join(folder, report?.path ?? ""), "utf8")).toContain("| GHN |");

    // A training that diverged is not a ground truth and does not count, but is not repeated either.
    // The first of the two seeds gives the ground truth.
    const [cell] = [...store.trainings.list(first)].sort((a, b) => a.seed - b.seed);
    const database = new Database(join(folder, "runs.sqlite"));
    database.prepare("UPDATE trainings SET divergence = 'The loss at the end is not finite.' WHERE id = ?").run(cell?.id);
    database.close();
    const without = studyData(store, first);
    expect(without.truth.filter((value) => value !== null)).toHaveLength(4);
    expect(without.diverged).toBe(1);
    expect(leaderOf(analyseStudy(without)).type).not.toBe("open");
    expect(analyseStudy(without).rows.map(({ all }) => all.spearman.n)).toEqual(data.predictors.map(() => 4));
    expect(without.protocol.find(([label]) => label === "Truth")?.[1]).toMatch(/4 of 5 cells, .*; 1 left out because their training diverged$/);

    // Another variant with the same ground truth: no training is repeated. A child dies in the middle.
    const before = children.length;
    const second = services.commands.create("Second", study(0), []).id;
    await when(
      services,
      () => store.runs.children(second).some((run) => run.stage === "prediction" && (run.progress?.step ?? 0) > 0) && children.length > before,
    );
    for (const child of children.slice(before)) if (child.pid !== null) process.kill(child.pid, "SIGKILL");
    expect((await ended(services, second)).status).toBe("interrupted");
    services.commands.resume(second);
    expect((await ended(services, second)).status).toBe("completed");
    expect(store.trainings.listAll(second)).toHaveLength(0);
    const again = studyData(store, second);
    expect(again.truth).toEqual(without.truth);
    const valuesOf = (from: typeof data, name: string): unknown => from.predictors.find((predictor) => predictor.name === name)?.runs;
    for (const name of ["synflow", "SGD 2"]) expect(valuesOf(again, name), name).toEqual(valuesOf(data, name));

    // Trainings in the trash do not count; the study reports what is missing instead of guessing.
    services.commands.trash([first]);
    expect(studyData(store, second).truth.every((value) => value === null)).toBe(true);
  } finally {
    await services.close(0);
  }
});
