import { expect } from "vitest";
import { type Tensor, tf } from "../../../../src-main/engine/backend/index.ts";
import { type Dense, dense, numbers, random } from "./reference.ts";

export function tensor<T extends Tensor>(array: Dense): T {
  return tf.tensor(Float32Array.from(array.values), [...array.shape]) as T;
}

/** Like `tf.tidy`, for functions that return plain values. */
export function scoped<T>(compute: () => T): T {
  tf.engine().startScope();
  try {
    return compute();
  } finally {
    tf.engine().endScope();
  }
}

export function read(t: Tensor): Dense {
  return dense(t.shape, t.dataSync());
}

/** Largest difference, relative to the largest expected value (at least 1). */
export function distance(actual: Dense, expected: Dense): number {
  expect(actual.shape).toEqual([...expected.shape]);
  let largest = 1;
  let difference = 0;
  for (const [i, value] of expected.values.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const error = Math.abs((actual.values[i] ?? Number.NaN) - value);
    if (!(error <= difference)) difference = error;
  }
  return difference / largest;
}

/** Compares values with those of the slow reference. Default tolerance for float32 sums of up to a few thousand terms: 1e-5 of the largest value. */
export function expectValues(actual: Tensor, expected: Dense, tolerance = 1e-5): void {
  expect(distance(read(actual), expected)).toBeLessThan(tolerance);
}

interface DifferenceOptions {
  /**
   * Step of the central difference. The functions are evaluated in float32 with a relative error of about 1e-7, which the difference amplifies by 1 / step; a large
   * step adds an error from the third derivative. Piecewise linear functions have none, so they get a large step.
   */
  readonly step: number;
  /** Relative to the largest element of the gradient. */
  readonly tolerance: number;
}

/** Linear in each argument: no truncation error, so the step is large and only rounding errors remain. */
export const LINEAR: DifferenceOptions = { step: 0.25, tolerance: 1e-4 };
/** Piecewise linear, tested with values that are 0.1 apart. */
export const PIECEWISE: DifferenceOptions = { step: 0.03, tolerance: 1e-3 };
/** Smooth with curvature of order one: truncation about step² = 1e-4, rounding about 1e-6 / step = 1e-4. */
export const CURVED: DifferenceOptions = { step: 0.01, tolerance: 2e-3 };

/** The loss to differentiate: a fixed random combination of all outputs, summed in double precision. */
function combine(y: Dense, coefficients: Dense): number {
  return y.values.reduce((sum, value, i) => sum + value * (coefficients.values[i] ?? 0), 0);
}

/** Analytic gradients of the combined loss with respect to every argument, and the coefficients. */
export function gradients(f: (...args: Tensor[]) => Tensor, args: readonly Dense[]): { gradients: Dense[]; coefficients: Dense } {
  return scoped(() => {
    const tensors = args.map((arg) => tensor(arg));
    const coefficients = random(f(...tensors).shape, 99);
    const weights = tensor(coefficients);
    const results = tf.grads((...inputs) => tf.sum(tf.mul(f(...inputs), weights)))(tensors);
    return { gradients: results.map(read), coefficients };
  });
}

/** Compares every element of every gradient with a central difference. For small arguments. */
export function expectGradients(f: (...args: Tensor[]) => Tensor, args: readonly Dense[], options: DifferenceOptions): void {
  const { gradients: actual, coefficients } = gradients(f, args);
  const evaluate = (changed: readonly Dense[]): number =>
    combine(
      scoped(() => read(f(...changed.map((arg) => tensor(arg))))),
      coefficients,
    );
  for (const [k, arg] of args.entries()) {
    const expected = arg.values.map((_, i) => {
      const moved = (by: number): number =>
        evaluate(args.map((other, o) => (o === k ? { shape: other.shape, values: other.values.map((value, e) => (e === i ? value + by : value)) } : other)));
      return (moved(options.step) - moved(-options.step)) / (2 * options.step);
    });
    expect(distance(actual[k] ?? dense([], []), { shape: arg.shape, values: expected }), `gradient of argument ${k}`).toBeLessThan(options.tolerance);
  }
}

/** Compares derivatives along random directions of entries 1 and -1 with central differences. For arguments with too many elements to vary one by one. */
export function expectDirectionalGradients(f: (...args: Tensor[]) => Tensor, args: readonly Dense[], { step, tolerance }: DifferenceOptions): void {
  const { gradients: actual, coefficients } = gradients(f, args);
  const evaluate = (changed: readonly Dense[]): number =>
    combine(
      scoped(() => read(f(...changed.map((arg) => tensor(arg))))),
      coefficients,
    );
  for (const [k, arg] of args.entries()) {
    const gradient = actual[k] ?? dense([], []);
    expect(gradient.shape).toEqual([...arg.shape]);
    const norm = Math.sqrt(gradient.values.reduce((sum, value) => sum + value * value, 0));
    for (let seed = 1; seed <= 3; seed++) {
      const next = numbers(seed);
      const direction = arg.values.map(() => (next() < 0.5 ? -1 : 1));
      const moved = (by: number): number =>
        evaluate(args.map((other, o) => (o === k ? { shape: other.shape, values: other.values.map((value, e) => value + by * (direction[e] ?? 0)) } : other)));
      const difference = (moved(step) - moved(-step)) / (2 * step);
      const product = gradient.values.reduce((sum, value, i) => sum + value * (direction[i] ?? 0), 0);
      expect(Math.abs(difference - product), `argument ${k}, direction ${seed}`).toBeLessThan(tolerance * Math.max(1, norm));
    }
  }
}
