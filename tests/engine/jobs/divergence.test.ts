import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend, tf } from "../../../src-main/engine/backend/index.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import type { TrainingBench } from "../../../src-main/engine/evaluation/workbench.ts";
import { createWorkbench, type Workbench } from "../../../src-main/engine/evaluation/workbench.ts";
import { notFinite } from "../../../src-main/engine/formats/finite.ts";
import { runGhnTraining } from "../../../src-main/engine/jobs/ghn-training-run.ts";
import { runNetworkTraining } from "../../../src-main/engine/jobs/network-training-run.ts";
import type { RunContext, RunEnd } from "../../../src-main/engine/jobs/run-context.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import { type Checkpoint, type NamedArrays, readCheckpoint, writeCheckpoint } from "../../../src-main/engine/training/checkpoint.ts";
import { msdNetSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { anytimeGhnRunSchema, anytimeTrainingRunSchema } from "../../../src-shared/domain/config/anytime-config.ts";
import { cellTrainingRunSchema, ghnTrainingRunSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { AnytimeToTrain, CellToTrain, TrainingMessage } from "../../../src-shared/worker-protocol.ts";

const dataset = { id: "digits" as const, validationImages: 60, trainImages: 256 };
const augmentation = { cropPadding: 1, horizontalFlip: false };
const network = { blocks: 2, initialChannels: 4, reductions: [1] };
/** Without clipping, the weights grow by orders of magnitude at every step. */
const WILD = { learningRate: 10, gradientClip: 0, warmupEpochs: 0 };

/** Keeps what a run reports. */
class Told implements RunContext {
  readonly trainings: TrainingMessage[] = [];
  readonly points: (readonly [name: string, series: number, step: number, value: number])[] = [];
  readonly logs: string[] = [];
  readonly files = new Map<string, NamedArrays>();
  checkpoint: Checkpoint | null = null;
  checkpointDue = false;
  stopRequested = false;
  private breaths: number;
  constructor(breaths = Number.POSITIVE_INFINITY) {
    this.breaths = breaths;
  }
  metric: RunContext["metric"] = (name, step, _epoch, value, series = 0) => void this.points.push([name, series, step, value]);
  candidate(): void {}
  training(training: object): void {
    this.trainings.push(training as TrainingMessage);
  }
  log: RunContext["log"] = (level, text) => void this.logs.push(`${level}: ${text}`);
  progress(): void {}
  current(): void {}
  roles(): void {}
  breathe(): Promise<void> {
    this.breaths -= 1;
    if (this.breaths <= 0) this.stopRequested = true;
    return Promise.resolve();
  }
  saveCheckpoint: RunContext["saveCheckpoint"] = (step, tensors, state, keep) => {
    expect(notFinite(tensors)).toBeNull();
    this.checkpoint = { step, tensors: new Map(tensors), state: JSON.parse(JSON.stringify(state)) as unknown, keep };
    return Promise.resolve();
  };
  saveTensors: RunContext["saveTensors"] = (_kind, name, tensors) => {
    expect(notFinite(tensors)).toBeNull();
    this.files.set(name, new Map(tensors));
    return Promise.resolve();
  };
  values(metric: string, series = 0): number[] {
    return this.points.filter(([name, of]) => name === metric && of === series).map(([, , , value]) => value);
  }
}

let backend: Backend;
let bench: Workbench;
let folder: string;

beforeAll(async () => {
  backend = await initBackend({ threads: 1 });
  bench = createWorkbench(backend, await openDataset({ id: "digits" }, { dataRoot: resolve("resources/data") }), { splitSeed: 0, ...dataset });
  folder = await mkdtemp(join(tmpdir(), "divergence-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The same bench, where the batches with these numbers (from 1, per feed) have one pixel that is not finite. */
function withBadBatches(bad: (batch: number) => boolean): TrainingBench {
  return {
    ...bench,
    feed(options) {
      const feed = bench.feed(options);
      let batch = 0;
      return {
        batchesPerEpoch: feed.batchesPerEpoch,
        async next() {
          batch += 1;
          const made = await feed.next();
          if (bad(batch)) made.images[3] = Number.NaN;
          return made;
        },
        state: () => feed.state(),
        restore: (state) => feed.restore(state),
        close: () => feed.close(),
      };
    },
  };
}

function cellRun(training: object): ReturnType<typeof cellTrainingRunSchema.parse> {
  return cellTrainingRunSchema.parse({
    kind: "cell-training",
    seed: 5,
    dataset,
    network,
    source: { from: "cells", cells: cells(1).map(({ name, architecture }) => ({ name, architecture })) },
    training: { epochs: 4, batchSize: 32, dropPath: 0, auxiliaryWeight: 0, augmentation, ...training },
    measureTest: true,
  });
}

function cells(count: number): CellToTrain[] {
  const space = ghnTrainingRunSchema.parse({ kind: "ghn-training", dataset, network, space: { nodes: 4 } }).space;
  return Array.from({ length: count }, (_, i) => {
    const architecture = SPACES.cell.sample(space, Rng.fromSeed(20 + i, "cell"));
    return { space: "cell", name: `Cell ${i}`, architecture, canonical: SPACES.cell.canonical(architecture), candidateId: null, role: "none", score: null };
  });
}

const train = (
  run: ReturnType<typeof cellRun>,
  subjects: CellToTrain[],
  told: Told,
  on: TrainingBench = bench,
  from: Checkpoint | null = null,
): Promise<RunEnd> => runNetworkTraining(on, SPACES.cell, run, subjects, told, from);

describe("training from scratch", () => {
  it("skips one batch that is not finite, restores the running statistics, and ends with a usable network", async () => {
    const [good, bad] = [new Told(), new Told()];
    await train(cellRun({}), cells(1), good);
    // TensorFlow's kernels keep small constants from their first use on.
    const before = tf.memory().numTensors;
    await train(
      cellRun({}),
      cells(1),
      bad,
      withBadBatches((batch) => batch === 9),
    );
    expect(bad.trainings[0]?.divergence).toBeUndefined();
    expect(bad.values("train/skipped")).toEqual([1]);
    const losses = bad.values("train/loss");
    expect(losses.filter(Number.isFinite)).toHaveLength(losses.length - 1);
    expect(losses[8]).toBeNaN();
    expect(bad.values("train/loss").slice(0, 8)).toEqual(good.values("train/loss").slice(0, 8));
    expect(bad.values("train/validation-loss").every(Number.isFinite)).toBe(true);
    expect(good.values("train/skipped")).toEqual([]);
    expect([...bad.files.keys()]).toEqual(["weights-0"]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("ends after several such batches in a row, and goes on with the next network", async () => {
    const told = new Told();
    // Each training has its own feed: all batches of the first one from the fifth on.
    let feeds = 0;
    const broken = withBadBatches((batch) => feeds === 1 && batch >= 5);
    const counted: TrainingBench = {
      ...broken,
      feed: (options) => {
        feeds += 1;
        return broken.feed(options);
      },
    };
    const end = await train(cellRun({ repetitions: 1 }), cells(2), told, counted);
    expect(told.trainings.map(({ name, divergence }) => [name, divergence])).toEqual([
      ["Cell 0", "In 10 steps in a row, the loss, gradients or batch statistics were not finite."],
      ["Cell 1", undefined],
    ]);
    expect(told.values("train/loss", 0)).toHaveLength(14);
    expect(told.values("train/loss", 1)).toHaveLength(32);
    expect(told.values("train/skipped", 0).at(-1)).toBe(10);
    expect([...told.files.keys()]).toEqual(["weights-1"]);
    expect(told.logs.find((line) => line.startsWith("error"))).toBe(
      "error: Cell 0 diverged and is not a result. In 10 steps in a row, the loss, gradients or batch statistics were not finite.",
    );
    expect(told.trainings[0]).toMatchObject({ testAccuracy: null });
    // Facts are about the usable one alone.
    expect(end).toMatchObject({ type: "done", summary: { trainings: 1, divergedTrainings: 1, best: "Cell 1" } });
  });

  it("resumes with the same numbers after a stop between skipped batches", async () => {
    const whole = new Told();
    const skipping = (): TrainingBench => withBadBatches((batch) => batch === 3 || batch === 4);
    await train(cellRun({}), cells(1), whole, skipping());
    const first = new Told(3);
    expect(await train(cellRun({}), cells(1), first, skipping())).toEqual({ type: "stopped", step: 3 });
    const second = new Told();
    // The fourth batch is the first of the new feed.
    await train(
      cellRun({}),
      cells(1),
      second,
      withBadBatches((batch) => batch === 1),
      first.checkpoint,
    );
    const timeless = (told: Told): unknown => told.points.filter(([name]) => name !== "images-per-second");
    expect([...(timeless(first) as unknown[]), ...(timeless(second) as unknown[])]).toEqual(timeless(whole));
    expect(second.values("train/skipped")).toEqual([2]);
  });

  it("marks every training with learning rate 10 and without clipping as diverged", { timeout: 300_000 }, async () => {
    const told = new Told();
    told.checkpointDue = true;
    const end = await train(cellRun({ ...WILD, epochs: 4 }), cells(4), told);
    expect(told.trainings.map(({ divergence }) => typeof divergence)).toEqual(Array.from({ length: 4 }, () => "string"));
    expect(told.files.size).toBe(0);
    expect(end).toMatchObject({ type: "done", summary: { trainings: 0, divergedTrainings: 4 } });
  });

  it("does so for networks with several exits", { timeout: 300_000 }, async () => {
    const msdnet = msdNetSchema.parse({ kind: "msdnet", exits: 2, base: 1, step: 1, channels: 4, growth: 2, classifierChannels: 4 });
    const run = anytimeTrainingRunSchema.parse({
      kind: "anytime-training",
      seed: 3,
      dataset,
      network: { initialChannels: 4 },
      source: { from: "networks", networks: [] },
      training: { epochs: 4, batchSize: 32, augmentation, ...WILD },
      measureTest: true,
    });
    const searched = SPACES.anytime.sample(
      anytimeGhnRunSchema.parse({ kind: "anytime-ghn", dataset, space: { nodes: [4, 2, 2], exits: 3 } }).space,
      Rng.fromSeed(2, "network"),
    );
    const subjects: AnytimeToTrain[] = [
      { space: "anytime", name: "MSDNet", model: msdnet, canonical: "msdnet", candidateId: null, role: "reference", score: null },
      {
        space: "anytime",
        name: "Network",
        model: { kind: "cells", architecture: searched },
        canonical: "network",
        candidateId: null,
        role: "none",
        score: null,
      },
    ];
    const told = new Told();
    const end = await runNetworkTraining(bench, SPACES.anytime, run, subjects, told, null);
    expect(told.trainings.map(({ divergence }) => typeof divergence)).toEqual(["string", "string"]);
    expect(told.files.size).toBe(0);
    expect(end).toMatchObject({ type: "done", summary: { trainings: 0, divergedTrainings: 2 } });
  });
});

describe("GHN training", () => {
  const ghnRun = (generator: "graph" | "one-shot", training: object): ReturnType<typeof ghnTrainingRunSchema.parse> => {
    const run = ghnTrainingRunSchema.parse({
      kind: "ghn-training",
      seed: 1,
      dataset,
      network,
      space: { nodes: 3 },
      ghn: { generator, hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 16, propagationSteps: 1 },
      training: { nodes: 3, epochs: 2, batchSize: 32, validationCells: 0, maxSkippedSteps: 5, augmentation },
    });
    return { ...run, training: { ...run.training, ...training } };
  };

  it.each(["graph", "one-shot"] as const)("saves neither a checkpoint nor a generator with values that are not finite (%s)", async (generator) => {
    for (const checkpointDue of [true, false]) {
      const told = Object.assign(new Told(), { checkpointDue });
      // The first step makes every parameter infinite.
      const end = runGhnTraining(bench, SPACES.cell, ghnRun(generator, { learningRate: 1e39 }), told, null);
      await expect(end).rejects.toMatchObject({ code: "training-diverged" });
      expect(told.checkpoint).toBeNull();
      expect(told.files.size).toBe(0);
    }
  });

  it("skips a batch that is not finite and ends when too many steps of an epoch were skipped", async () => {
    let batch = 0;
    const everyThird = Object.assign(Object.create(bench) as Workbench, {
      trainBatches: {
        make: (...args: Parameters<Workbench["trainBatches"]["make"]>) => {
          const made = bench.trainBatches.make(...args);
          batch += 1;
          if (batch % 3 === 0) made.images[0] = Number.NaN;
          return made;
        },
      },
    });
    const told = new Told();
    await expect(runGhnTraining(everyThird, SPACES.cell, ghnRun("graph", { batchSize: 4, epochs: 1 }), told, null)).rejects.toMatchObject({
      message: "The training of the GHN diverged. In 7 of the 64 steps of an epoch, the loss, gradients or batch statistics were not finite.",
    });
    expect(told.values("ghn/skipped")).toEqual(Array.from({ length: 7 }, (_, i) => i + 1));
  });
});

describe("checkpoints", () => {
  it("are never written with a value that is not finite", async () => {
    const file = join(folder, "checkpoint.safetensors");
    const checkpoint = (value: number): Checkpoint => ({
      step: 7,
      tensors: new Map([["weights/a", { shape: [2], values: Float32Array.of(1, value) }]]),
      state: {},
      keep: { stepOfSeries: {}, candidates: 0, trainings: 0 },
    });
    await writeCheckpoint(file, "key", checkpoint(2));
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      await expect(writeCheckpoint(file, "key", checkpoint(value))).rejects.toThrow(/After step 7, weights\/a is not finite/);
    expect((await readCheckpoint(file, "key")).tensors.get("weights/a")?.values).toEqual(Float32Array.of(1, 2));
  });
});
