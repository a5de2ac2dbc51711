import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../src-main/engine/backend/index.ts";
import { tf } from "../../../src-main/engine/backend/ops/tf.ts";
import { DecoderPool, GROUP } from "../../../src-main/engine/datasets/streaming/decoder-pool.ts";
import { type ImageIndex, indexImages } from "../../../src-main/engine/datasets/streaming/image-index.ts";
import { ImageStream } from "../../../src-main/engine/datasets/streaming/image-stream.ts";
import { PREFETCHED, STREAMED_STATISTICS } from "../../../src-main/engine/datasets/streaming/limits.ts";
import { createStreamBench, type StreamBench } from "../../../src-main/engine/evaluation/stream-bench.ts";
import { StreamFeed } from "../../../src-main/engine/evaluation/stream-data.ts";
import type { FeedOptions } from "../../../src-main/engine/evaluation/training-data.ts";
import { runNetworkTraining } from "../../../src-main/engine/jobs/network-training-run.ts";
import type { RunEnd, SpaceContext } from "../../../src-main/engine/jobs/run-context.ts";
import type { CellTypes } from "../../../src-main/engine/spaces/cell/types.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import type { Checkpoint } from "../../../src-main/engine/training/checkpoint.ts";
import { cellTrainingRunSchema, trainingAugmentationSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { CellToTrain } from "../../../src-shared/worker-protocol.ts";
import { sharedTemporaryFolder, temporaryFolder, userErrorOf } from "../datasets/support/helpers.ts";
import { writePhotos } from "../datasets/support/images.ts";

const CLASSES = 6;
const photos = sharedTemporaryFolder();
let backend: Backend;
let index: ImageIndex;

beforeAll(async () => {
  backend = await initBackend();
  // 300 photographs of ImageNet's size.
  await writePhotos(photos.path, { train: 40, val: 10 }, CLASSES);
  index = await indexImages(photos.path);
});
afterAll(() => photos.remove());

const config = cellTrainingRunSchema.parse({
  kind: "cell-training",
  seed: 5,
  dataset: { id: "folder", path: "generated", streamed: true, imageSize: 224, validationImages: 24, trainImages: 144 },
  network: { blocks: 5, initialChannels: 4, reductions: [1, 2, 3, 4], stem: "imagenet" },
  source: { from: "cells", cells: [{ name: "Small", architecture: { normal: { nodes: [{ operation: "sepConv3x3", inputs: [0, 1] }] } } }] },
  training: {
    epochs: 1,
    batchSize: 12,
    learningRate: 0.1,
    schedule: "exponential",
    weightDecay: 3e-5,
    dropPath: 0.2,
    labelSmoothing: 0.1,
    auxiliaryWeight: 0.4,
    augmentation: { cropPadding: 0, smallestCrop: 0.08, colourJitter: 0.4 },
  },
});
const feedOptions: FeedOptions = {
  batchSize: 16,
  augmentation: trainingAugmentationSchema.parse({ smallestCrop: 0.08, colourJitter: 0.4, cutout: 20 }),
  seed: 9,
};

function feedOf(of: ImageIndex, pool: DecoderPool, policy: "stop" | "substitute" = "stop", report: (sentence: string) => void = () => undefined): StreamFeed {
  const part = { list: of.train, members: Uint32Array.from({ length: of.train.count }, (_, i) => i) };
  return new StreamFeed({ stream: new ImageStream(of.root, pool, policy, report), part, side: 64, normalisation: STREAMED_STATISTICS }, feedOptions);
}

/** The sums of batches, with what is in them. */
async function digest(feed: StreamFeed, batches: number): Promise<unknown[]> {
  const result: unknown[] = [];
  for (let i = 0; i < batches; i++) {
    const { images, labels, indices } = await feed.next();
    result.push({ sum: images.reduce((sum, value, at) => sum + value * ((at % 97) + 1), 0), labels: [...labels], indices: [...indices] });
  }
  return result;
}

describe("batches of streamed images", () => {
  it("are the same with any number of threads, over the end of an epoch too, and differ from epoch to epoch", async () => {
    const pools = [new DecoderPool(1), new DecoderPool(3)];
    const [one, three] = await Promise.all(pools.map((pool) => digest(feedOf(index, pool), 17)));
    await Promise.all(pools.map((pool) => pool.close()));
    expect(three).toEqual(one);
    const seen = (one as { indices: number[] }[]).slice(0, 15).flatMap(({ indices }) => indices);
    expect(new Set(seen).size).toBe(CLASSES * 40);
    expect((one as unknown[])[15]).not.toEqual((one as unknown[])[0]);
  });

  it("go on after a restart with exactly the next one, wherever it was", async () => {
    const pool = new DecoderPool(2);
    const untouched = await digest(feedOf(index, pool), 17);
    for (const stop of [0, 1, 15]) {
      const first = feedOf(index, pool);
      await digest(first, stop);
      const state: unknown = JSON.parse(JSON.stringify(first.state()));
      await first.close();
      const second = feedOf(index, pool);
      second.restore(state as ReturnType<StreamFeed["state"]>);
      expect(await digest(second, 2)).toEqual(untouched.slice(stop, stop + 2));
    }
    await pool.close();
  });

  it("wait in a queue of fixed length, however slowly they are taken, and in memory that is used again", async () => {
    const pool = new DecoderPool(2);
    const feed = feedOf(index, pool);
    const groups = PREFETCHED * Math.ceil(feedOptions.batchSize / GROUP);
    expect(feed.prefetched).toBe(0);
    let before = 0;
    for (let i = 0; i < 60; i++) {
      await feed.next();
      expect(feed.prefetched).toBe(PREFETCHED);
      expect(pool.pending).toBeLessThanOrEqual(groups);
      expect(feed.buffers).toBe(PREFETCHED);
      if (i === 19) before = process.memoryUsage.rss();
    }
    // 40 more batches return 31 MB of floats, from 640 photographs of 560 kB each; only memory that has not been garbage-collected yet may remain.
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 2 ** 20);
    await feed.close();
    await pool.close();
  });

  it("end with the name of a damaged file, or take another image of its class, the same one whatever the threads do", async () => {
    const folder = await temporaryFolder();
    await writePhotos(folder, { train: 8 }, 2, { width: 80, height: 60 });
    await truncate(join(folder, "train/n01440764/n01440764_3.JPEG"), 700);
    await writeFile(join(folder, "train/n01440765/n01440765_7.JPEG"), "no picture");
    const damaged = await indexImages(folder);
    const broken = damaged.train.paths.filter((path) => /64_3|65_7/.test(path)).length;
    const pool = new DecoderPool(2);
    const error = await userErrorOf(digest(feedOf(damaged, pool), 2));
    expect(error.code).toBe("image-damaged");
    expect(error.message).toMatch(/^The image .*n0144076[45]_[37]\.JPEG cannot be decoded \(.+\)\.$/);
    expect(error.file).toMatch(/_[37]\.JPEG$/);
    const results: unknown[] = [];
    for (const threads of [1, 3]) {
      const own = new DecoderPool(threads);
      const sentences: string[] = [];
      results.push(
        await digest(
          feedOf(damaged, own, "substitute", (sentence) => sentences.push(sentence)),
          4,
        ),
      );
      expect(sentences).toHaveLength(broken);
      for (const sentence of sentences) expect(sentence).toMatch(/^The image train\/(n\d+)\/\S+ cannot be decoded \(.+\); train\/\1\/\S+ is used instead\.$/);
      await own.close();
    }
    expect(results[1]).toEqual(results[0]);
    await pool.close();
  });
});

interface Trained {
  readonly end: RunEnd;
  readonly losses: Map<number, number>;
  readonly memory: number[];
  readonly trainings: CellTypes["training"][];
  readonly metrics: Map<string, number>;
  readonly checkpoint: Checkpoint | null;
  readonly weights: unknown;
}

/** Runs a training and stops it after some steps. */
async function train(bench: StreamBench, stopAfter: number, from: Checkpoint | null): Promise<Trained> {
  const losses = new Map<number, number>();
  const metrics = new Map<string, number>();
  const memory: number[] = [];
  const trainings: CellTypes["training"][] = [];
  let checkpoint: Checkpoint | null = null;
  let weights: unknown = null;
  const ignore = (): void => undefined;
  const context: SpaceContext<CellTypes> = {
    metric: (name, step, _epoch, value) => {
      metrics.set(name, value);
      if (name !== "train/loss") return;
      losses.set(step, value);
      memory.push(process.memoryUsage.rss());
    },
    candidate: ignore,
    training: (training) => void trainings.push(training),
    log: ignore,
    progress: ({ imagesPerSecond }) => {
      if (imagesPerSecond !== undefined) expect(imagesPerSecond).toBeGreaterThan(0);
    },
    current: ignore,
    roles: ignore,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    get stopRequested() {
      return losses.size >= stopAfter;
    },
    checkpointDue: false,
    saveCheckpoint: (step, tensors, state, keep) => {
      checkpoint = { step, tensors: new Map(tensors), state: JSON.parse(JSON.stringify(state)) as unknown, keep };
      return Promise.resolve();
    },
    saveTensors: (_kind, _name, tensors, metadata) => {
      const { seconds: _, ...manifest } = JSON.parse(metadata["manifest"] ?? "{}") as Record<string, unknown>;
      weights = { arrays: [...tensors].map(([id, { values }]) => [id, [...values]]), manifest };
      return Promise.resolve();
    },
  };
  const cell = config.source.from === "cells" ? config.source.cells[0] : undefined;
  if (cell === undefined) throw new Error("There is no cell.");
  const cells: CellToTrain[] = [{ space: "cell", ...cell, canonical: "small", candidateId: null, role: "none", score: null }];
  const end = await runNetworkTraining(bench, SPACES.cell, config, cells, context, from);
  return { end, losses, memory, trainings, metrics, checkpoint, weights };
}

function bench(threads: number): StreamBench {
  return createStreamBench(backend, index, config.dataset, { threads, onDamaged: () => undefined });
}

describe("training at 224 × 224 from a folder", { timeout: 300_000 }, () => {
  it("runs to its end with flat memory, and a stopped one goes on to the same numbers with another number of threads", async () => {
    const one = bench(2);
    expect(one.split.train).toHaveLength(144);
    const untouched = await train(one, Number.POSITIVE_INFINITY, null);
    await one.close();
    expect(untouched.end).toMatchObject({ type: "done", summary: { trainings: 1 } });
    expect(untouched.losses.size).toBe(12);
    expect([...untouched.losses.values()].every(Number.isFinite)).toBe(true);
    // The first third warms up allocators. A training of all 300 images in memory as floats would add 180 MB.
    const settled = untouched.memory.slice(4);
    expect(Math.max(...settled) - (settled[0] ?? 0)).toBeLessThan(150 * 2 ** 20);
    expect(untouched.metrics.get("train/loss")).toBeDefined();
    // The last point of the validation accuracy is the result.
    expect(untouched.metrics.get("train/validation-accuracy")).toBe(untouched.trainings[0]?.validationAccuracy);
    const topFive = (untouched.end as Extract<RunEnd, { type: "done" }>).summary["testTop5AccuracyMean"];
    expect(topFive).toBeGreaterThanOrEqual(untouched.trainings[0]?.testAccuracy ?? 1);

    // The backend has created its constants by now.
    const tensors = tf.memory().numTensors;
    const two = bench(1);
    const stopped = await train(two, 5, null);
    await two.close();
    expect(stopped.end).toEqual({ type: "stopped", step: 5 });
    const three = bench(3);
    const resumed = await train(three, Number.POSITIVE_INFINITY, stopped.checkpoint);
    await three.close();
    expect(new Map([...stopped.losses, ...resumed.losses])).toEqual(untouched.losses);
    expect(resumed.weights).toEqual(untouched.weights);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
