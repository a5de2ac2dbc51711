/** The project's own CPU kernels (`own-kernels/kernels.cc`), which are compiled by the set-up. TensorFlow's kernels replace them where they are missing or do not work. */
import { at, type KernelImplementations } from "../ops/kernels.ts";
import { type Tensor, tf } from "../ops/tf.ts";
import type { NativeAttribute, NativeKernels } from "./native.ts";

export interface OwnKernels {
  readonly depthwise: Required<Pick<KernelImplementations, "depthwiseDirect" | "depthwiseDirectInputGradient" | "depthwiseDirectFilterGradient">>;
  readonly batchNorm: KernelImplementations["batchNorm"];
  readonly batchNormGradient: KernelImplementations["batchNormGradient"];
}

/** The project's kernels, or null if one of them fails a trial computation. */
export function ownKernels(native: NativeKernels): OwnKernels | null {
  const attributeLists = new Map<string, readonly NativeAttribute[]>();
  const convolution = ({ dilation, relu }: { readonly dilation: number; readonly relu: boolean }): readonly NativeAttribute[] => {
    const key = `${dilation} ${relu}`;
    const list = attributeLists.get(key) ?? [native.int("dilation", dilation), native.int("relu", relu ? 1 : 0)];
    attributeLists.set(key, list);
    return list;
  };
  const norm = (epsilon: number): readonly NativeAttribute[] => {
    const key = `norm ${epsilon}`;
    const list = attributeLists.get(key) ?? [native.float("epsilon", epsilon)];
    attributeLists.set(key, list);
    return list;
  };
  const kernels: OwnKernels = {
    depthwise: {
      depthwiseDirect: ({ x, w }, attributes) => native.run("GhnDepthwise", convolution(attributes), [x, w]),
      depthwiseDirectInputGradient: ({ dy, x, w }, attributes) => native.run("GhnDepthwiseInputGradient", convolution(attributes), [dy, w, x]),
      depthwiseDirectFilterGradient: ({ dy, x, w }, attributes) => native.run("GhnDepthwiseFilterGradient", convolution(attributes), [x, dy, w]),
    },
    batchNorm: ({ x, gamma, beta }, { epsilon }) => [...native.runMany("GhnBatchNorm", norm(epsilon), [x, gamma, beta], 5), tf.tensor1d([])],
    batchNormGradient: ({ dy, x, gamma, saved1, saved2 }, { epsilon }) =>
      native.runMany("GhnBatchNormGradient", norm(epsilon), [dy, x, gamma, saved1, saved2], 3),
  };
  return works(kernels) ? kernels : null;
}

/** Checks a small result of each kernel, so that a file compiled for a different TensorFlow does not fail in the middle of a run. */
function works({ depthwise, batchNorm, batchNormGradient }: OwnKernels): boolean {
  try {
    return tf.tidy(() => {
      const x = tf.tensor4d([1, -2, 3, 4], [1, 2, 2, 1]);
      const w = tf.ones([3, 3, 1, 1]);
      const attributes = { dilation: 1, relu: true };
      const vector = tf.ones([1]);
      const inputs = { dy: x, x, w };
      const [y, , , saved1, saved2] = batchNorm({ x, gamma: vector, beta: vector }, { epsilon: 0 });
      if (y === undefined || saved1 === undefined || saved2 === undefined) return false;
      const [dx] = batchNormGradient({ dy: x, x, gamma: vector, saved1, saved2, saved3: vector }, { epsilon: 0 });
      const values = (result: unknown): number[] => [...(result as Tensor).dataSync()];
      const near = (result: unknown, expected: readonly number[]): boolean => values(result).every((value, i) => Math.abs(value - at(expected, i)) < 1e-4);
      const deviation = Math.sqrt(5.25);
      return (
        near(depthwise.depthwiseDirect({ x, w }, attributes), [8, 8, 8, 8]) &&
        near(depthwise.depthwiseDirectInputGradient(inputs, attributes), [6, 0, 6, 6]) &&
        near(depthwise.depthwiseDirectFilterGradient(inputs, attributes), [4, 3, 0, 10, 26, 12, -6, -5, 4]) &&
        near(
          y,
          [1, -2, 3, 4].map((value) => (value - 1.5) / deviation + 1),
        ) &&
        near(dx, [0, 0, 0, 0])
      );
    });
  } catch {
    return false;
  }
}
