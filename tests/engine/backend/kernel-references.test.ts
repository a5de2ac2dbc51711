/** The references that kernels are compared with: their gradients against finite differences in double precision. */
import { describe, expect, it } from "vitest";
import { batchNorm, crossEntropy, normalise, normaliseGradients, repeatPixels, sumBlocks } from "./kernels/norms.ts";
import { averagePool, convolution, depthwise, maxPool, outputShape, type Sliding } from "./kernels/windows.ts";
import { type Dense, dense, distinct, convolution as plainConvolution, pool, random, statistics } from "./support/reference.ts";

const STEP = 1e-4;

/** Compares a gradient with central differences of the combination of all outputs with `dy`. */
function expectGradient(gradient: Dense, x: Dense, dy: Dense, f: (x: Dense) => Dense): void {
  const combined = (index: number, by: number): number => {
    const moved = f({ shape: x.shape, values: x.values.map((value, i) => (i === index ? value + by : value)) });
    return moved.values.reduce((sum, value, i) => sum + value * (dy.values[i] ?? Number.NaN), 0);
  };
  expect(gradient.shape).toEqual(x.shape);
  for (const [i, value] of gradient.values.entries()) expect(value, `element ${i}`).toBeCloseTo((combined(i, STEP) - combined(i, -STEP)) / (2 * STEP), 6);
}

const WINDOWS: readonly Sliding[] = [
  { kernel: [3, 3], stride: 1, padding: "SAME" },
  { kernel: [2, 5], stride: 2, padding: "SAME" },
  { kernel: [5, 5], stride: 3, padding: "SAME" },
  { kernel: [3, 2], stride: 2, padding: "VALID" },
  { kernel: [3, 3], stride: 1, dilation: 2, padding: "SAME" },
];

describe.each(WINDOWS)("windows $kernel, stride $stride, dilation $dilation, $padding", (window) => {
  const shape = [2, 4, 5, 2];
  const x = random(shape, 1);

  it("convolutions", () => {
    const w = random([...window.kernel, 2, 3], 2);
    const dy = random(outputShape(x, window, 3), 3);
    expectGradient(convolution.inputGradient(dy, w, shape, window), x, dy, (moved) => convolution.forward(moved, w, window));
    expectGradient(convolution.filterGradient(x, dy, w.shape, window), w, dy, (moved) => convolution.forward(x, moved, window));
    if (window.padding === "SAME")
      for (const [i, value] of plainConvolution(x, w, window.stride, window.dilation ?? 1, false).values.entries())
        expect(convolution.forward(x, w, window).values[i]).toBeCloseTo(value, 12);
  });

  it("depthwise convolutions", () => {
    const w = random([...window.kernel, 2, 1], 2);
    const dy = random(outputShape(x, window, 2), 3);
    expectGradient(depthwise.inputGradient(dy, w, shape, window), x, dy, (moved) => depthwise.forward(moved, w, window));
    expectGradient(depthwise.filterGradient(x, dy, w.shape, window), w, dy, (moved) => depthwise.forward(x, moved, window));
  });

  it("pools", () => {
    const dy = random(outputShape(x, window, 2), 3);
    const apart = distinct(shape, 4);
    expectGradient(averagePool.inputGradient(dy, shape, window), x, dy, (moved) => averagePool.forward(moved, window));
    expectGradient(maxPool.inputGradient(apart, dy, window), apart, dy, (moved) => maxPool.forward(moved, window));
    const [size, width] = window.kernel;
    if (size !== width || window.padding !== "SAME" || window.dilation !== undefined) return;
    for (const [i, value] of pool(x, size, window.stride, "avg").values.entries()) expect(averagePool.forward(x, window).values[i]).toBeCloseTo(value, 12);
    expect(maxPool.forward(x, window)).toEqual(pool(x, size, window.stride, "max"));
  });
});

it("batch norm", () => {
  const [x, dy, gamma, beta] = [random([2, 2, 3, 2], 1), random([2, 2, 3, 2], 2), random([2], 3), random([2], 4)];
  const { mean, biased } = statistics(x);
  const ofBatch = normaliseGradients(dy, x, gamma, mean, biased, 1e-3, true);
  expectGradient(ofBatch.x, x, dy, (moved) => batchNorm(moved, gamma, beta, 1e-3).y);
  expectGradient(ofBatch.gamma, gamma, dy, (moved) => batchNorm(x, moved, beta, 1e-3).y);
  expectGradient(ofBatch.beta, beta, dy, (moved) => batchNorm(x, gamma, moved, 1e-3).y);
  const given = normaliseGradients(dy, x, gamma, mean, biased, 1e-3, false);
  expectGradient(given.x, x, dy, (moved) => normalise(moved, gamma, beta, mean, biased, 1e-3));
});

it("loss and resizing", () => {
  const logits = random([3, 4], 1);
  const labels = [3, 0, 1];
  const one = dense([3], [1, 1, 1]);
  expectGradient(crossEntropy(logits, labels).gradient, logits, one, (moved) => crossEntropy(moved, labels).losses);
  const [x, dy] = [random([2, 2, 3, 2], 1), random([2, 6, 9, 2], 2)];
  expectGradient(sumBlocks(dy, 3), x, dy, (moved) => repeatPixels(moved, 3));
});
