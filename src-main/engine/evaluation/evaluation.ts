import type { BatchMaker } from "../datasets/images/batching.ts";

/** Index ranges of about equal size, so that batch norm sees the same number of images in each batch. */
export function balancedBatches(count: number, batchSize: number): { from: number; to: number }[] {
  const batches = Math.max(1, Math.ceil(count / batchSize));
  return Array.from({ length: batches }, (_, i) => ({
    from: Math.floor((i * count) / batches),
    to: Math.floor(((i + 1) * count) / batches),
  }));
}

/** Images and labels of a fixed evaluation set, in a fixed order, as plain arrays, batch by batch. */
export function* fixedBatches(maker: BatchMaker, indices: Uint32Array, limit: number, batchSize: number): Generator<ReturnType<BatchMaker["make"]>> {
  const count = Math.min(limit, indices.length);
  for (const { from, to } of balancedBatches(count, batchSize)) yield maker.make(indices.slice(from, to));
}
