/** Adding a search space takes one file (support/toy-space.ts): the real jobs train its GHN, search it and train its best network. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { initBackend } from "../../../src-main/engine/backend/index.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import { createWorkbench, type Workbench } from "../../../src-main/engine/evaluation/workbench.ts";
import { writeSafetensors } from "../../../src-main/engine/formats/safetensors.ts";
import { runGhnTraining } from "../../../src-main/engine/jobs/ghn-training-run.ts";
import { runNetworkTraining } from "../../../src-main/engine/jobs/network-training-run.ts";
import type { RunEnd, SpaceContext } from "../../../src-main/engine/jobs/run-context.ts";
import { runSearch } from "../../../src-main/engine/jobs/search-run.ts";
import { cellTrainingSchema, ghnConfigSchema, ghnTrainingSchema, searchSettingsSchema } from "../../../src-shared/domain/config/run-config.ts";
import { chainSchema, TOY, type ToyTypes } from "./support/toy-space.ts";

let bench: Workbench;
let folder = "";
beforeAll(async () => {
  bench = createWorkbench(await initBackend(), await openDataset({ id: "digits" }, { dataRoot: "." }), {
    id: "digits",
    validationImages: 60,
    trainImages: 128,
    splitSeed: 0,
  });
  folder = await mkdtemp(join(tmpdir(), "toy-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("samples, trains a GHN, searches and trains a network through the real jobs", async () => {
  const candidates: (ToyTypes["candidate"] & { readonly space: string })[] = [];
  const trainings: (ToyTypes["training"] & { readonly space: string })[] = [];
  const ignore = (): void => undefined;
  const context: SpaceContext<ToyTypes> = {
    ...{ metric: ignore, log: ignore, progress: ignore, current: ignore, roles: ignore, stopRequested: false, checkpointDue: false },
    candidate: (candidate) => void candidates.push(candidate),
    training: (training) => void trainings.push(training),
    breathe: () => Promise.resolve(),
    saveCheckpoint: () => Promise.resolve(),
    saveTensors: async (kind, _, tensors, metadata) => void (await writeSafetensors(join(folder, kind), tensors, metadata)),
  };
  const common = { seed: 1, space: { longest: 3 }, network: { channels: 6 } };
  const augmentation = { cropPadding: 1, horizontalFlip: false };
  const ghn = ghnConfigSchema.parse({ hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 16, propagationSteps: 2 });
  const ghnTraining = ghnTrainingSchema.parse({ epochs: 1, batchSize: 32, validationCells: 2, validationImages: 60, augmentation });
  expect(await runGhnTraining(bench, TOY, { ...common, ghn, training: ghnTraining }, context, null)).toMatchObject({ type: "done", summary: { steps: 4 } });

  const search = searchSettingsSchema.parse({
    strategy: "evolution",
    samples: 9,
    populationSize: 4,
    validationImages: 60,
    batchSize: 60,
    shortlist: 2,
    randomBaseline: 2,
  });
  const found: RunEnd = await runSearch(bench, TOY, { ...common, search }, join(folder, "ghn"), context, null);
  expect(found).toMatchObject({ type: "done", summary: { cellsScored: 9, randomBaseline: 2 } });
  expect(new Set(candidates.slice(0, 9).map(({ canonical }) => canonical)).size).toBe(9);
  expect(candidates.every(({ space, score, name }) => space === "toy" && score !== null && /^(Chain|Random) \d+$/.test(name))).toBe(true);

  const [best] = candidates;
  if (best === undefined) throw new Error("Nothing was found.");
  const subject = { ...best, candidateId: null, role: "shortlist" as const, architecture: chainSchema.parse(best.architecture) };
  const training = cellTrainingSchema.parse({ epochs: 20, batchSize: 32, learningRate: 0.1, dropPath: 0, auxiliaryWeight: 0, augmentation });
  await runNetworkTraining(bench, TOY, { ...common, training, measureTest: true }, [subject], context, null);
  expect(trainings).toMatchObject([{ space: "toy", name: "Chain 0", architecture: subject.architecture }]);
  expect(trainings[0]?.testAccuracy).toBeGreaterThan(0.3);
});
