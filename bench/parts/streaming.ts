import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import type { Backend } from "../../src-main/engine/backend/index.ts";
import { type ImageIndex, indexImages } from "../../src-main/engine/datasets/streaming/image-index.ts";
import { createStreamBench, type StreamBench } from "../../src-main/engine/evaluation/stream-bench.ts";
import type { EvaluationImages } from "../../src-main/engine/evaluation/training-data.ts";
import { fitChannels } from "../../src-main/engine/spaces/cell/budget.ts";
import { buildPlan } from "../../src-main/engine/spaces/cell/plan.ts";
import { publishedCells } from "../../src-main/engine/spaces/cell/published.ts";
import { NetworkTrainer } from "../../src-main/engine/training/network-trainer.ts";
import { cellTrainingRunSchema, trainingAugmentationSchema } from "../../src-shared/domain/config/run-config.ts";
import { datasetConfigSchema } from "../../src-shared/domain/dataset.ts";
import { writePhotos } from "../../tests/engine/datasets/support/images.ts";
import type { PartReport } from "../lib/report.ts";
import { type Row, row } from "../lib/samples.ts";

const CLASSES = 8;
const DETAIL = 320;
const BATCH = 32;
const dataset = datasetConfigSchema.parse({ id: "folder", path: "generated", streamed: true, imageSize: 224, validationImages: 64 });

/** Reads images of 500 × 375 from disk into batches of 224 × 224: throughput by number of threads, memory, and steps of an ImageNet-mobile network. */
export async function* streamingPart(backend: Backend, quick: boolean): AsyncGenerator<PartReport> {
  const folder = mkdtempSync(path.join(tmpdir(), "ghn-bench-"));
  try {
    // About 80 kB per file, like ImageNet's photographs.
    await writePhotos(folder, { train: quick ? 24 : 48, val: 8 }, CLASSES, { width: 500, height: 375, detail: DETAIL });
    const index = await indexImages(folder);
    yield await throughput(backend, index, quick ? 12 : 40);
    yield await memory(backend, index, quick ? 30 : 200);
    yield await steps(backend, index, quick ? 2 : 4);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withBench<Result>(backend: Backend, index: ImageIndex, threads: number, work: (bench: StreamBench) => Promise<Result>): Promise<Result> {
  const bench = createStreamBench(backend, index, dataset, { threads, onDamaged: () => undefined });
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}

async function throughput(backend: Backend, index: ImageIndex, batches: number): Promise<PartReport> {
  const rows: Row[] = [];
  for (const threads of [...new Set([1, 2, availableParallelism()])].filter((count) => count <= Math.max(2, availableParallelism()))) {
    await withBench(backend, index, threads, async (bench) => {
      const feed = bench.feed({
        batchSize: BATCH,
        augmentation: trainingAugmentationSchema.parse({ smallestCrop: 0.08, colourJitter: 0.4, cropPadding: 0 }),
        seed: 1,
      });
      const rates: number[] = [];
      // The first batches have been decoded ahead or start the threads.
      for (let i = -6; i < batches; i++) {
        const from = performance.now();
        await feed.next();
        if (i >= 0) rates.push((1000 * BATCH) / (performance.now() - from));
      }
      await feed.close();
      rows.push(row(`training batches of ${BATCH}, ${threads} thread(s)`, rates, "images/s"));
      rows.push(row(`evaluation, ${threads} thread(s)`, [await evaluationRate(bench.validationImages())], "images/s"));
    });
  }
  return { part: "streaming", title: "Images of 500 × 375 from disk to 224 × 224, random crop, flip and colour jitter", rows, remarks: [] };
}

async function evaluationRate(images: EvaluationImages): Promise<number> {
  const from = performance.now();
  await images.each(() => undefined);
  return (1000 * images.count) / (performance.now() - from);
}

async function memory(backend: Backend, index: ImageIndex, batches: number): Promise<PartReport> {
  const rows: Row[] = [];
  await withBench(backend, index, 2, async (bench) => {
    const feed = bench.feed({ batchSize: BATCH, augmentation: trainingAugmentationSchema.parse({ smallestCrop: 0.08, cropPadding: 0 }), seed: 1 });
    for (let i = 0; i <= batches; i++) {
      await feed.next();
      if (i % Math.ceil(batches / 5) === 0) rows.push(row(`after ${i} batches`, [process.memoryUsage.rss() / 2 ** 20], "MB"));
    }
    await feed.close();
  });
  return { part: "streaming-memory", title: "Resident memory of the process while reading batches", rows, remarks: [] };
}

async function steps(backend: Backend, index: ImageIndex, count: number): Promise<PartReport> {
  const cell = publishedCells().find(({ id }) => id.startsWith("darts"));
  if (cell === undefined) throw new Error("There is no DARTS cell.");
  const architecture = { normal: cell.normal, ...(cell.reduction === undefined ? {} : { reduction: cell.reduction }) };
  const rows: Row[] = [];
  await withBench(backend, index, Math.max(1, availableParallelism() - 1), async (bench) => {
    const config = cellTrainingRunSchema.parse({
      kind: "cell-training",
      dataset,
      network: { blocks: 14, reductions: [1, 2, 6, 10], stem: "imagenet" },
      source: { from: "cells", cells: [{ name: cell.name, architecture }] },
      training: { batchSize: 8, augmentation: { cropPadding: 0, smallestCrop: 0.08, colourJitter: 0.4 } },
    });
    const { initialChannels, multiplyAdds, parameters } = fitChannels(architecture, config.network, { ...bench.input, classes: 1000 }, 600e6);
    const plan = buildPlan(architecture, { ...config.network, initialChannels }, bench.input);
    const trainer = new NetworkTrainer(bench, { ...config.training, nesterov: false }, plan, 1);
    const times: number[] = [];
    const resident: number[] = [];
    for (let i = -1; i < count; i++) {
      const from = performance.now();
      await trainer.trainStep();
      if (i < 0) continue;
      times.push(performance.now() - from);
      resident.push(process.memoryUsage.rss() / 2 ** 20);
    }
    await trainer.dispose();
    const network = `F = ${initialChannels}, ${Math.round(multiplyAdds / 1e6)} M multiply-adds, ${(parameters / 1e6).toFixed(2)} M parameters with 1,000 classes`;
    rows.push(row("training step, batch 8, drop-path and auxiliary head", times, "ms", network));
    rows.push(
      row(
        "images per second",
        times.map((ms) => 8000 / ms),
        "1/s",
      ),
    );
    rows.push(row("resident memory", resident, "MB"));
  });
  return { part: "streaming-steps", title: "ImageNet-mobile with the cell of DARTS at 224 × 224", rows, remarks: [] };
}
