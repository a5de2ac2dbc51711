import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../../../src-main/engine/backend/index.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import { createWorkbench, type Workbench } from "../../../src-main/engine/evaluation/workbench.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import type { CellTypes } from "../../../src-main/engine/spaces/cell/types.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import { GhnTrainer } from "../../../src-main/engine/training/ghn-trainer.ts";
import { NetworkTrainer } from "../../../src-main/engine/training/network-trainer.ts";
import { cellTrainingSchema, ghnTrainingRunSchema } from "../../../src-shared/domain/config/run-config.ts";

/** 100 images in batches of 32: three full ones and one of 4. */
const dataset = { id: "digits" as const, validationImages: 60, trainImages: 100 };
const network = { blocks: 2, initialChannels: 4, reductions: [1] };
const augmentation = { cropPadding: 1, horizontalFlip: false };
let bench: Workbench;

beforeAll(async () => {
  const backend = await initBackend({ threads: 1 });
  bench = createWorkbench(backend, await openDataset({ id: "digits" }, { dataRoot: resolve("resources/data") }), { splitSeed: 0, ...dataset });
});

const ghnRun = ghnTrainingRunSchema.parse({
  kind: "ghn-training",
  seed: 1,
  dataset,
  network,
  space: { nodes: 3 },
  ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 16, propagationSteps: 1 },
  training: { nodes: 3, epochs: 2, batchSize: 32, validationCells: 0, augmentation },
});

type Settings = Partial<ReturnType<typeof cellTrainingSchema.parse>>;

/** @param frozenBefore the config was frozen before there was the setting */
function trainer(settings: Settings, frozenBefore = false): NetworkTrainer {
  const { shortBatch, ...rest } = cellTrainingSchema.parse({ epochs: 2, batchSize: 32, dropPath: 0, auxiliaryWeight: 0, augmentation, ...settings });
  const training = (frozenBefore ? rest : { ...rest, shortBatch }) as ReturnType<typeof cellTrainingSchema.parse>;
  const cell: CellTypes["architecture"] = SPACES.cell.sample(ghnRun.space, Rng.fromSeed(4, "cell"));
  return new NetworkTrainer(bench, SPACES.cell.training.protocol(training), SPACES.cell.plan(cell, ghnRun.network, bench.input), 3);
}

async function imagesOf(one: NetworkTrainer, steps = one.totalSteps - one.step): Promise<number[]> {
  const images: number[] = [];
  for (let step = 0; step < steps; step++) images.push((await one.trainStep()).images);
  return images;
}

describe("a short last batch", () => {
  it("is left out of every epoch", async () => {
    const one = trainer({});
    expect([one.stepsPerEpoch, one.totalSteps]).toEqual([3, 6]);
    expect(await imagesOf(one)).toEqual([32, 32, 32, 32, 32, 32]);
    await one.dispose();
  });

  it("is kept where the config says so, and where it is the only batch", async () => {
    const kept = trainer({ shortBatch: "keep" });
    expect([kept.stepsPerEpoch, kept.totalSteps]).toEqual([4, 8]);
    expect(await imagesOf(kept)).toEqual([32, 32, 32, 4, 32, 32, 32, 4]);
    await kept.dispose();
    const only = trainer({ batchSize: 128 });
    expect([only.stepsPerEpoch, only.totalSteps]).toEqual([1, 2]);
    expect(await imagesOf(only)).toEqual([100, 100]);
    await only.dispose();
  });

  it("counts whole steps with accumulated gradients", async () => {
    const one = trainer({ accumulate: 2 });
    // Two optimizer steps per epoch, the second of which takes a batch of the next epoch.
    expect([one.stepsPerEpoch, one.totalSteps]).toEqual([2, 4]);
    expect(await imagesOf(one)).toEqual([64, 64, 64, 64]);
    await one.dispose();
  });

  it("is kept by a training whose config is older than the setting, which resumes with the same steps", async () => {
    const whole = trainer({}, true);
    expect(await imagesOf(whole)).toEqual([32, 32, 32, 4, 32, 32, 32, 4]);
    const weights = whole.weights();
    await whole.dispose();
    // One at a time, as in processes of their own: variables are named by the networks that exist.
    const first = trainer({}, true);
    await imagesOf(first, 5);
    const [state, tensors] = [JSON.parse(JSON.stringify(first.state())), first.tensors()];
    await first.dispose();
    const second = trainer({}, true);
    second.restore(state, tensors);
    expect(await imagesOf(second)).toEqual([32, 32, 4]);
    expect(second.weights()).toEqual(weights);
    await second.dispose();
  });

  it("is left out of GHN training, unless its config is older than the setting", () => {
    const { shortBatch: _shortBatch, ...older } = ghnRun.training;
    const [now, before] = [ghnRun, { ...ghnRun, training: older as typeof ghnRun.training }].map((run) => new GhnTrainer(bench, SPACES.cell, run));
    expect([now?.totalSteps, before?.totalSteps]).toEqual([6, 8]);
    expect(Array.from({ length: 6 }, () => now?.trainStep().images)).toEqual([32, 32, 32, 32, 32, 32]);
    for (const one of [now, before]) one?.dispose();
  });
});
