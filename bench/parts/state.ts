import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Backend } from "../../src-main/engine/backend/index.ts";
import { BatchMaker, EpochSampler } from "../../src-main/engine/datasets/images/batching.ts";
import { Rng } from "../../src-main/engine/random.ts";
import { readCheckpoint, writeCheckpoint } from "../../src-main/engine/training/checkpoint.ts";
import { augmentationSchema } from "../../src-shared/domain/config/run-config.ts";
import type { PartReport } from "../lib/report.ts";
import { digits, type Row, row } from "../lib/samples.ts";
import { GhnSteps, PAPER, QUICK, randomCells } from "../lib/training-steps.ts";

const IMAGES = 5_000;
const BATCH = 64;

/** Batches of images in memory without a network; writing and restoring checkpoints of a GHN and its optimizer. */
export async function statePart(backend: Backend, quick: boolean): Promise<PartReport> {
  const rows: Row[] = [...batches(quick ? 50 : 200)];
  const folder = mkdtempSync(path.join(tmpdir(), "ghn-bench-"));
  try {
    for (const [name, network] of [
      ["quick shapes", QUICK],
      ["F = 32, 18 blocks", PAPER],
    ] as const)
      rows.push(...(await checkpoints(backend, name, network, path.join(folder, "checkpoint.safetensors"), quick ? 3 : 9)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { part: "state", title: `Batches of ${BATCH} images of 32 × 32 without a network; checkpoints`, rows, remarks: [] };
}

function batches(count: number): Row[] {
  const rng = Rng.fromSeed(1, "bench-data");
  const images = Uint8Array.from({ length: IMAGES * 32 * 32 * 3 }, () => rng.int(256));
  const labels = Uint8Array.from({ length: IMAGES }, () => rng.int(10));
  const maker = new BatchMaker({ images, labels, count: IMAGES, height: 32, width: 32, channels: 3 }, { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  const all = Uint32Array.from({ length: IMAGES }, (_, i) => i);
  const cases = {
    "normalised only": augmentationSchema.parse({ cropPadding: 0, horizontalFlip: false }),
    "crop and flip": augmentationSchema.parse({}),
    "crop, flip and Cutout": augmentationSchema.parse({ cutout: 16 }),
  };
  const rates = Object.values(cases).map((): number[] => []);
  const makers = Object.values(cases).map((augmentation) => {
    const sampler = new EpochSampler(all, { batchSize: BATCH }, Rng.fromSeed(1, "order"));
    const random = Rng.fromSeed(1, "augment");
    return () => maker.make(sampler.next().indices, { augmentation, rng: random });
  });
  // One batch of each in turn, so that slow phases of the machine affect all of them.
  for (let i = -20; i < count; i++) {
    for (const [c, make] of makers.entries()) {
      const from = performance.now();
      make();
      if (i >= 0) rates[c]?.push((1000 * BATCH) / (performance.now() - from));
    }
  }
  return Object.keys(cases).map((name, c) => row(`batches, ${name}`, rates[c] ?? [], "images/s"));
}

/** As in a run: everything is read from the device and written with its checksum, then read from the file and restored on the device. */
async function checkpoints(backend: Backend, name: string, network: typeof QUICK, file: string, rounds: number): Promise<Row[]> {
  const bench = new GhnSteps(backend, network, 8);
  bench.step(randomCells(7, 1, 50));
  const writing: number[] = [];
  const restoring: number[] = [];
  let bytes = 0;
  for (let i = -1; i < rounds; i++) {
    const from = performance.now();
    bytes = (await writeCheckpoint(file, "bench", { step: 1, tensors: bench.tensors(), state: {}, keep: { stepOfSeries: {}, candidates: 0, trainings: 0 } }))
      .bytes;
    const written = performance.now();
    bench.restore((await readCheckpoint(file, "bench")).tensors);
    const restored = performance.now();
    if (i < 0) continue;
    writing.push(written - from);
    restoring.push(restored - written);
  }
  bench.dispose();
  const size = `${digits(bytes / 1e6)} MB`;
  return [row(`checkpoint written, ${name}`, writing, "ms", size), row(`checkpoint restored, ${name}`, restoring, "ms", size)];
}
