import { expect, it } from "vitest";
import type { KernelImplementations } from "../../../../src-main/engine/backend/ops/kernels.ts";
import { type TensorInfo, tf } from "../../../../src-main/engine/backend/ops/tf.ts";
import { type Dense, dense } from "../support/reference.ts";
import { KERNEL_CHECKS } from "./kernel-checks.ts";

/** Names of the engine's kernels. */
export const KERNEL_NAMES = Object.keys(KERNEL_CHECKS) as readonly (keyof KernelImplementations)[];

/** One test per kernel, or per kernel in `names`. `missing` names the optional kernels that the path does not have. */
export function describeKernels(
  kernels: () => KernelImplementations,
  missing: readonly (keyof KernelImplementations)[] = [],
  names: readonly (keyof KernelImplementations)[] = KERNEL_NAMES,
): void {
  it.each([...names])("%s", { timeout: 300_000 }, (name) => {
    let calls = 0;
    const failures: string[] = [];
    for (const { label, run, expected, tolerance = 1e-5 } of KERNEL_CHECKS[name](kernels())) {
      calls += 1;
      tf.tidy(() => {
        const results = [run()].flat();
        for (const [i, values] of expected.entries()) {
          const error = errorOf(results[i], values);
          if (!(error <= tolerance)) failures.push(`${label}: output ${i} is off by ${error.toExponential(1)}`);
        }
      });
    }
    expect(failures).toEqual([]);
    expect(calls > 0).toBe(!missing.includes(name));
  });
}

/** Largest error relative to the largest expected value (at least 1), or NaN for another shape. */
function errorOf(result: TensorInfo | undefined, expected: Dense): number {
  if (result === undefined || result.shape.join() !== expected.shape.join()) return Number.NaN;
  const actual = dense(result.shape, tf.backend().readSync(result.dataId) as Float32Array).values;
  let largest = 1;
  let error = 0;
  for (const [i, value] of expected.values.entries()) {
    largest = Math.max(largest, Math.abs(value));
    const difference = Math.abs((actual[i] ?? Number.NaN) - value);
    if (!(difference <= error)) error = difference;
  }
  return error / largest;
}
