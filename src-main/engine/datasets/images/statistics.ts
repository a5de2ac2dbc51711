import { createHash } from "node:crypto";

import type { ImageSet } from "./types.ts";

/** Mean and standard deviation per channel, on the scale 0 .. 1. */
export interface ChannelStatistics {
  readonly mean: number[];
  readonly std: number[];
}

/**
 * Exact mean and (population) standard deviation per channel, from a histogram of the byte values.
 *
 * @param indices which images; all by default. Pass the training split to exclude validation images.
 * A constant channel gets a deviation of 1, so that normalisation never divides by zero.
 */
export function channelStatistics(set: ImageSet, indices?: Uint32Array): ChannelStatistics {
  const { channels, images } = set;
  const size = set.height * set.width * channels;
  const histogram = new Float64Array(channels * 256);
  const count = (from: number): void => {
    for (let i = from; i < from + size; ) {
      for (let c = 0; c < channels; c++, i++) {
        const bin = c * 256 + (images[i] ?? 0);
        histogram[bin] = (histogram[bin] ?? 0) + 1;
      }
    }
  };
  if (indices === undefined) for (let n = 0; n < set.count; n++) count(n * size);
  else for (const index of indices) count(index * size);

  const total = set.height * set.width * (indices?.length ?? set.count);
  const mean: number[] = [];
  const std: number[] = [];
  for (let c = 0; c < channels; c++) {
    const bins = histogram.subarray(c * 256, (c + 1) * 256);
    const average = bins.reduce((sum, times, value) => sum + times * value, 0) / Math.max(total, 1);
    const variance = bins.reduce((sum, times, value) => sum + times * (value - average) ** 2, 0) / Math.max(total, 1);
    mean.push(average / 255);
    std.push(variance > 0 ? Math.sqrt(variance) / 255 : 1);
  }
  return { mean, std };
}

/** SHA-256 in hex over layout, class names, pixels and labels: equal exactly when two datasets hold the same data in the same order. */
export function datasetFingerprint(train: ImageSet, test: ImageSet, classNames: readonly string[], givenValidation?: Uint32Array): string {
  const hash = createHash("sha256");
  hash.update(
    JSON.stringify({
      version: 1,
      layout: "NHWC",
      shape: [train.height, train.width, train.channels],
      train: train.count,
      test: test.count,
      classNames,
      givenValidation: givenValidation === undefined ? null : [...givenValidation],
    }),
  );
  for (const set of [train, test]) {
    hash.update(set.images);
    // 16 bits, little-endian, whatever the width in memory.
    const labels = new Uint8Array(set.count * 2);
    set.labels.forEach((label, i) => {
      labels[2 * i] = label & 255;
      labels[2 * i + 1] = label >>> 8;
    });
    hash.update(labels);
  }
  return hash.digest("hex");
}
