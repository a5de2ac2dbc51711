import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { samePadding } from "../../../src-main/engine/backend/ops/padding.ts";
import type { BatchShape } from "../../../src-main/engine/backend/wasm/loops.ts";
import { SimdKernels } from "../../../src-main/engine/backend/wasm/simd-kernels.ts";
import { SIMD_SOURCE } from "../../../src-main/engine/backend/wasm/simd-module.ts";
import { convolution, type Dense, distinct, maxPoolGradient, normalise, pool, random, statistics, withTies } from "./support/reference.ts";

const simd = new SimdKernels();
const floats = ({ values }: Dense): Float32Array => Float32Array.from(values);
const shapeOf = ({ shape: [n = 0, h = 0, w = 0, c = 0] }: Dense): BatchShape => [n, h, w, c];

/** Default tolerance: single precision over a few hundred terms of size one. */
function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 2e-5): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(Math.abs((found[i] ?? Number.NaN) - (expected[i] ?? 0)), `element ${i}`).toBeLessThanOrEqual(tolerance);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? Number.NaN), 0);
const positive = (x: Dense): Dense => ({ shape: x.shape, values: x.values.map((value) => Math.max(0, value)) });

describe("SIMD kernels of the wasm backend", () => {
  it("were compiled from the current source (npm run build:simd)", () => {
    const source = readFileSync(path.join(import.meta.dirname, "../../../src-main/engine/backend/wasm/simd-kernels.cc"));
    expect(SIMD_SOURCE).toBe(createHash("sha256").update(source).digest("hex"));
  });

  // Channel counts that fill vectors, that do not, and both; images smaller than the filter, and wider than a tile.
  const cases = [3, 5, 7].flatMap((k) =>
    [1, 2, 3].flatMap((dilation) =>
      (
        [
          [2, 4, 3, 3],
          [1, 9, 11, 4],
          [3, 5, 6, 10],
        ] as const
      ).map((shape) => ({ k, dilation, shape })),
    ),
  );
  it.each(cases)("depthwise convolution $k × $k, dilation $dilation, of $shape, and its gradients", ({ k, dilation, shape }) => {
    const [, , , channels] = shape;
    const x = random(shape, 1);
    const w = random([k, k, channels, 1], 2);
    const dy = random(shape, 3);
    for (const relu of [false, true]) {
      const options = { dilation, relu };
      const of = (image: Dense, filter: Dense): Dense => convolution(relu ? positive(image) : image, filter, 1, dilation, true);
      expectNear(simd.depthwise(floats(x), shapeOf(x), floats(w), k, options), of(x, w).values);
      // The convolution is linear in its filter, and in an image whose signs do not change, so basis vectors give its gradients.
      const filterGradient = simd.depthwiseFilterGradient(floats(x), shapeOf(x), floats(dy), k, options);
      const unit = (like: Dense, at: number): Dense => ({ shape: like.shape, values: like.values.map((_, i) => (i === at ? 1 : 0)) });
      for (const at of [0, channels - 1, Math.floor((k * k * channels) / 2), k * k * channels - 1])
        expectNear([filterGradient[at] ?? Number.NaN], [dot(of(x, unit(w, at)).values, dy.values)], 1e-4);
      const inputGradient = simd.depthwiseInputGradient(floats(dy), floats(x), shapeOf(x), floats(w), k, options);
      for (const at of [0, 1, Math.floor(x.values.length / 2), x.values.length - 1]) {
        const passes = !relu || (x.values[at] ?? 0) > 0;
        const expected = passes ? dot(convolution(unit(x, at), w, 1, dilation, true).values, dy.values) : 0;
        expectNear([inputGradient[at] ?? Number.NaN], [expected], 1e-4);
      }
    }
  });

  it.each([
    [3, 5],
    [4, 8],
    [9, 4],
    [16, 6],
  ])("gradient of a 1 × 1 convolution from %i to %i channels", (inputs, outputs) => {
    const [x, dy] = [random([2, 7, 5, inputs], 11), random([2, 7, 5, outputs], 12)];
    const expected = Array.from({ length: inputs * outputs }, (_, at) => {
      const [i, j] = [Math.floor(at / outputs), at % outputs];
      return Array.from({ length: 70 }, (_, p) => (x.values[p * inputs + i] ?? 0) * (dy.values[p * outputs + j] ?? 0)).reduce((sum, value) => sum + value, 0);
    });
    expectNear(simd.outerSums(floats(x), floats(dy), inputs, outputs), expected);
  });

  it.each([1, 3, 4, 7, 16])("batch norm over %i channels and more pixels than a chunk", (channels) => {
    const x = random([3, 7, 5, channels], 4);
    const [gamma, beta] = [random([channels], 5), random([channels], 6)];
    const found = simd.channelStatistics(floats(x), channels);
    const expected = statistics(x);
    expectNear(found.mean, expected.mean, 1e-6);
    expectNear(found.variance, expected.biased, 1e-6);
    const y = simd.normalise(floats(x), found, floats(gamma), floats(beta), 1e-3);
    expectNear(y, normalise(x, expected.mean, expected.biased, gamma, beta, 1e-3).values, 1e-5);
  });

  it("keeps the variance of values far from zero", () => {
    const x = Float32Array.from({ length: 4000 }, (_, i) => 1000 + (i % 2));
    const { mean, variance } = simd.channelStatistics(x, 2);
    expect([...mean]).toEqual([1000, 1001]);
    expect([...variance]).toEqual([0, 0]);
    const [whole] = simd.channelStatistics(x, 1).variance;
    expect(whole).toBeCloseTo(0.25, 4);
  });

  it.each([5, 8])("gradients of ReLU and max pooling, ties included, %i channels", (channels) => {
    const shape = [2, 6, 7, channels] as const;
    for (const x of [distinct(shape, 7), withTies(shape, 8)]) {
      for (const stride of [1, 2]) {
        const y = pool(x, 3, stride, "max");
        const dy = random(y.shape, 9);
        const window = { height: 3, width: 3, stride, rows: samePadding(6, 3, stride, 1), columns: samePadding(7, 3, stride, 1) };
        expectNear(simd.maxPoolGradient(floats(dy), floats(x), floats(y), shapeOf(x), window), maxPoolGradient(x, dy, 3, stride).values, 1e-6);
      }
      const dy = random(shape, 10);
      expectNear(
        simd.reluGradient(floats(dy), floats(x)),
        dy.values.map((value, i) => ((x.values[i] ?? 0) > 0 ? value : 0)),
        1e-7,
      );
    }
    expect([...simd.reluGradient(Float32Array.of(1, 2, 3), Float32Array.of(Number.NaN, 0, 1))]).toEqual([0, 0, 3]);
  });
});
