/** A finished pipeline assembled manually, in a real project folder with a real database. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../../src-main/config/load-config.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { createProject, type Project } from "../../../src-main/store/project/project.ts";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../../src-shared/domain/architecture/operations.ts";
import { type PipelineRun, runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import { randomArrays } from "../../engine/formats/support/exported.ts";
import { exampleManifest, networkBytes } from "./weights.ts";

/** The final training holds out fewer validation images than the other stages. */
export const FINAL_VALIDATION_IMAGES = 10;

export interface MadeProject {
  readonly project: Project;
  readonly pipeline: string;
  readonly ghn: string;
  readonly search: string;
  readonly compare: string;
  readonly final: string;
}

function cellNumber(i: number): Architecture {
  return { normal: { nodes: [0, 1, 2].map((j) => ({ operation: ALL_OPERATIONS[(i + 2 * j) % 9] ?? "identity", inputs: j === 0 ? [0, 1] : [j + 1] })) } };
}

/**
 * Ten scored cells, the first three of the ranking and two random ones trained briefly, and the winner trained fully twice.
 * @param folder does not exist yet
 */
export async function makeProject(folder: string): Promise<MadeProject> {
  const project = createProject(folder, "Made by hand");
  const { store } = project;
  const config: PipelineRun = { ...((await loadConfig("demo")).config as PipelineRun), finalValidationImages: FINAL_VALIDATION_IMAGES };
  const { seed, dataset, network, compute, checkpointEvery, space } = config;
  const common = { seed, dataset, network, compute, checkpointEvery };
  const run = (name: string, body: object, parentId?: string, stage?: string): string => {
    const id = store.runs.create({
      name,
      config: runConfigSchema.parse(body),
      codeVersion: "test",
      ...(parentId === undefined ? {} : { parentId }),
      ...(stage === undefined ? {} : { stage }),
    });
    store.runs.update(id, {
      status: "completed",
      startedAt: "2026-01-01T10:00:00.000Z",
      finishedAt: "2026-01-01T10:02:00.000Z",
      activeSeconds: 100,
      queuePosition: null,
      backend: "tensorflow",
      device: "CPU",
    });
    return id;
  };
  const pipeline = run("demo", config);
  const ghn = run("demo: train a GHN", { kind: "ghn-training", ...common, space, ghn: config.ghn, training: config.training }, pipeline, "ghn");
  const search = run("demo: search", { kind: "search", ...common, ghnRunId: ghn, space, search: config.search }, pipeline, "search");
  const compare = run(
    "demo: compare",
    { kind: "cell-training", ...common, source: { from: "search", runId: search, top: 3, random: 2 }, training: config.compare },
    pipeline,
    "compare",
  );
  const final = run(
    "demo: final",
    {
      kind: "cell-training",
      ...common,
      dataset: { ...dataset, validationImages: FINAL_VALIDATION_IMAGES },
      source: { from: "training", runId: compare, best: 1 },
      training: config.final,
    },
    pipeline,
    "final",
  );
  store.candidates.append(
    search,
    Array.from({ length: 12 }, (_, i) => ({
      space: "cell" as const,
      index: i,
      name: i < 10 ? `Cell ${i + 1}` : `Random ${i - 9}`,
      canonical: `canonical-${i}`,
      architecture: cellNumber(i),
      parameters: 10_000 + 137 * i,
      multiplyAdds: 1_000_000 + 1_001 * i,
      score: 0.3 + 0.01 * ((i * 7) % 10),
      scoreLoss: 2,
      role: i < 10 ? ("none" as const) : ("random" as const),
      generationMs: 5,
      evaluationMs: 20,
    })),
  );
  const ranked = store.candidates.list(search).rows.filter((candidate) => candidate.rank !== null);
  store.candidates.setRoles(
    search,
    ranked.slice(0, 3).map((candidate) => candidate.index),
    [10, 11],
  );
  const rows = store.candidates.list(search).rows;
  const chosen = rows.filter((candidate) => candidate.role !== "none");
  const digits = await openDataset({ id: "digits" }, { dataRoot: folder });
  const images = {
    input: { height: 8, width: 8, channels: 1, classes: 10 },
    normalisation: { mean: digits.mean, std: digits.std },
    classNames: digits.classNames,
    dataset: { id: digits.id, fingerprint: digits.fingerprint },
  };
  const training = (candidate: (typeof rows)[number], repetition: number, epochs: number, accuracy: number, test: number | null) => ({
    space: "cell" as const,
    candidateId: candidate.id,
    name: candidate.name,
    canonical: candidate.canonical,
    architecture: candidate.architecture,
    role: candidate.role,
    repetition,
    seed: 5 + repetition,
    epochs,
    parameters: candidate.parameters,
    multiplyAdds: candidate.multiplyAdds,
    score: candidate.score,
    validationAccuracy: accuracy,
    testAccuracy: test,
    trainLoss: 0.2,
    seconds: 10,
  });
  store.trainings.append(
    compare,
    chosen.map((candidate, i) => training(candidate, 0, 5, i === 1 ? 0.95 : 0.9 - 0.01 * i, null)),
  );
  const winner = chosen[1];
  if (winner === undefined) throw new Error("The shortlist is empty.");
  store.trainings.append(final, [training(winner, 0, 25, 0.97, 0.975), training(winner, 1, 25, 0.98, 0.971)]);
  for (const [id, count] of [
    [compare, chosen.length],
    [final, 2],
  ] as const)
    for (let i = 0; i < count; i++) {
      const manifest = { ...exampleManifest, ...images, name: `${id} ${i}`, architecture: winner.architecture };
      const bytes = networkBytes(manifest, randomArrays(buildPlan(winner.architecture, manifest.network, images.input)));
      const name = `weights-${i}.safetensors`;
      writeFileSync(join(project.artifactFolder(id), name), bytes);
      store.artifacts.add(id, {
        kind: "weights",
        name,
        path: `artifacts/${id}/${name}`,
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
    }
  store.logs.append(final, [{ time: "2026-01-01T10:01:00.000Z", level: "info", text: "Training finished." }]);
  store.runs.update(final, { summary: { trainings: 2, best: winner.name, testAccuracyMean: 0.973, testAccuracyDeviation: 0.0028 } });
  return { project, pipeline, ghn, search, compare, final };
}
