import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../src-main/engine/backend/index.ts";
import { type Tensor2D, type Tensor4D, tf } from "../../../src-main/engine/backend/ops/tf.ts";
import { countAmong, smoothedCrossEntropy } from "../../../src-main/engine/evaluation/accuracy.ts";
import { OutputCounter } from "../../../src-main/engine/evaluation/output-counter.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import type { OutputMeasure } from "../../../src-main/engine/spaces/shared/output-measure.ts";

let backend: Backend;
beforeAll(async () => {
  backend = await initBackend();
});

/** Softmax in double precision. */
function softmax(row: readonly number[]): number[] {
  const top = Math.max(...row);
  const powers = row.map((z) => Math.exp(z - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

const rng = Rng.fromSeed(1, "logits");
const rows = Array.from({ length: 9 }, () => Array.from({ length: 7 }, () => 3 * rng.normal()));
const labels = rows.map(() => rng.int(7));

describe("label smoothing", () => {
  it.each([0, 0.1, 0.5])("with %d is the cross-entropy against the smoothed targets", (smoothing) => {
    const values = tf.tidy(() => smoothedCrossEntropy(backend.ops, tf.tensor2d(rows), tf.tensor1d(labels, "int32"), smoothing).dataSync());
    rows.forEach((row, i) => {
      const expected = softmax(row).reduce((sum, p, k) => sum - (smoothing / 7 + (k === labels[i] ? 1 - smoothing : 0)) * Math.log(p), 0);
      // float32 logits up to about 10.
      expect(values[i]).toBeCloseTo(expected, 4);
    });
  });

  it("has the gradient softmax minus smoothed targets", () => {
    const before = tf.memory().numTensors;
    const gradient = tf.tidy(() =>
      tf
        .grad((logits) => smoothedCrossEntropy(backend.ops, logits as Tensor2D, tf.tensor1d(labels, "int32"), 0.1).sum())(tf.tensor2d(rows))
        .arraySync(),
    ) as number[][];
    expect(tf.memory().numTensors).toBe(before);
    rows.forEach((row, i) => {
      softmax(row).forEach((p, k) => {
        expect(gradient[i]?.[k]).toBeCloseTo(p - (0.1 / 7 + (k === labels[i] ? 0.9 : 0)), 5);
      });
    });
  });
});

describe("accuracy among the first five", () => {
  it("counts labels that fewer than five logits are above", () => {
    const expected = rows.filter((row, i) => row.filter((z) => z > (row[labels[i] ?? 0] ?? 0)).length < 5).length;
    expect(tf.tidy(() => countAmong(tf.tensor2d(rows), tf.tensor1d(labels, "int32"), 5).dataSync()[0])).toBe(expected);
    expect(tf.tidy(() => countAmong(tf.tensor2d(rows), tf.tensor1d(labels, "int32"), 7).dataSync()[0])).toBe(9);
    const broken = rows.map((row) => row.map(() => Number.NaN));
    expect(tf.tidy(() => countAmong(tf.tensor2d(broken), tf.tensor1d(labels, "int32"), 5).dataSync()[0])).toBe(0);
  });

  it("is measured batch by batch, and left out where there are five classes or fewer", () => {
    const measure = (classes: number, logits: readonly number[]): OutputMeasure => {
      const counter = new OutputCounter(backend.ops, () => ({ logits: tf.tensor2d([0, 1].map(() => [...logits])) }), true);
      const before = tf.memory().numTensors;
      for (const from of [0, 2]) {
        const images: Tensor4D = tf.zeros([2, 1, 1, 1]);
        const truth = tf.tensor1d(
          [from, from + 1].map((label) => label % classes),
          "int32",
        );
        counter.add(images, truth);
        tf.dispose([images, truth]);
      }
      expect(tf.memory().numTensors).toBe(before);
      return counter.result();
    };
    measure(7, [0, 1, 2, 3, 4, 5, 6]);
    // The ranking is 6, 5, 4, 3, 2, 1, 0 for every image: labels 2 and 3 are among the first five, 0 and 1 are not.
    expect(measure(7, [0, 1, 2, 3, 4, 5, 6])).toMatchObject({ accuracies: [0], topFive: 0.5 });
    expect(measure(4, [0, 0, 0, 1])).toMatchObject({ accuracies: [0.25], topFive: null });
  });
});
