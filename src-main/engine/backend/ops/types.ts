import type { Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from "./tf.ts";

/** The library that computes. Recorded with every run, because results are reproducible bit for bit only with the same backend, library version and number of threads. */
export type BackendName = "tensorflow-cuda" | "tensorflow-cpu" | "wasm";

export interface BackendChoice {
  /**
   * `auto` (default): TensorFlow, or wasm with a `fallbackReason` if TensorFlow cannot be loaded. `tensorflow`: TensorFlow or an error. `wasm`: wasm.
   */
  readonly prefer?: "auto" | "tensorflow" | "wasm";
  /** Threads per kernel; 0 or absent leaves the choice to the library. Ignored by wasm, which runs on one thread. */
  readonly threads?: number;
  /**
   * Whether oneDNN's kernels may run on the CPU; default true. They are then used from the size at which they are faster; the choice depends on shapes only.
   * False is for comparisons.
   */
  readonly oneDnn?: boolean;
  /** Whether the project's own CPU kernels may run where they have been compiled; default true. False is for comparisons. */
  readonly ownKernels?: boolean;
  /**
   * Requests deterministic kernels from TensorFlow on CUDA. Slower, and an operation without a deterministic kernel throws. The CPU kernels used here are always deterministic.
   */
  readonly deterministic?: boolean;
}

/** The backend of this process, from `initBackend`. */
export interface Backend {
  readonly name: BackendName;
  /** Description of the device, for example `CPU, 2 threads`. */
  readonly device: string;
  /** For example `TensorFlow 2.21.0` or `tfjs-backend-wasm 4.22.0`. */
  readonly libraryVersion: string;
  /** Why wasm runs instead of TensorFlow; absent unless `auto` fell back. */
  readonly fallbackReason?: string;
  readonly ops: Ops;
  createAdam(variables: readonly OptimizedVariable[], options?: AdamOptions): Optimizer;
  createSgd(variables: readonly OptimizedVariable[], options?: SgdOptions): Optimizer;
}

/** Result of `batchNormTrain`. */
export interface BatchNormTrainResult {
  readonly y: Tensor4D;
  /** Mean of the batch, [channels]; without gradient. */
  readonly mean: Tensor1D;
  /** Unbiased variance of the batch (divided by n - 1, as in the running averages of TensorFlow and PyTorch), [channels]; without gradient. */
  readonly variance: Tensor1D;
}

/**
 * The operations that networks are built from: float32, NHWC, SAME padding (an odd pixel of padding goes after the image).
 *
 * Differentiable once (no second derivatives) with respect to every float argument unless noted. Gradients are lazy: one that is not requested, such as
 * that of the images, is not computed. Nothing is disposed: call inside `tf.tidy` or a gradient function. Invalid shapes throw an Error that names the operation.
 */
export interface Ops {
  /** Convolution. x [n, h, w, cin], w [kh, kw, cin, cout] -> [n, ceil(h / stride), ceil(w / stride), cout]. With dilation > 1, the stride must be 1 or equal to the dilation. */
  conv2d(x: Tensor4D, w: Tensor4D, stride: number, dilation: number): Tensor4D;
  /**
   * Depthwise convolution: each channel has its own filter. x [n, h, w, c], w [kh, kw, c, 1] -> [n, ceil(h / stride), ceil(w / stride), c].
   * With `relu`, of max(x, 0); some backends fuse the ReLU into the convolution. Strides and dilations as for `conv2d`.
   */
  depthwiseConv2d(x: Tensor4D, w: Tensor4D, stride: number, dilation: number, relu?: boolean): Tensor4D;
  /** Batch norm with the statistics of this batch: y = gamma (x - mean) / sqrt(biased variance + epsilon) + beta. gamma and beta [c]. */
  batchNormTrain(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon: number): BatchNormTrainResult;
  /** Batch norm with given statistics; differentiable with respect to x, gamma and beta. */
  batchNormInference(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, mean: Tensor1D, variance: Tensor1D, epsilon: number): Tensor4D;
  relu<T extends Tensor>(x: T): T;
  /** Maximum over size × size windows. If maxima are equal, the first in row order gets the gradient. */
  maxPool(x: Tensor4D, size: number, stride: number): Tensor4D;
  /** Mean over size × size windows; padding does not count. */
  avgPool(x: Tensor4D, size: number, stride: number): Tensor4D;
  /** Mean over the image: [n, h, w, c] -> [n, c]. */
  globalAveragePool(x: Tensor4D): Tensor2D;
  matMul(a: Tensor2D, b: Tensor2D, transposeA?: boolean, transposeB?: boolean): Tensor2D;
  /** Concatenation along the last axis, [n, h, w, c1], [n, h, w, c2] ... -> [n, h, w, c1 + c2 + ...]. */
  concatChannels(list: readonly Tensor4D[]): Tensor4D;
  /** Sum of tensors of the same shape in one kernel. The only tensor of a list of one is returned as is. */
  addN<T extends Tensor>(list: readonly T[]): T;
  reshape<T extends Tensor>(x: Tensor, shape: readonly number[]): T;
  slice<T extends Tensor>(x: T, begin: readonly number[], size: readonly number[]): T;
  /** [n, ...] -> n tensors [...], in one kernel; one more for the gradient. */
  unstack(x: Tensor): Tensor[];
  /** Loss of each example, -log softmax(logits)[label]. logits [n, classes], int32 labels [n] in 0 ... classes - 1 -> [n]. */
  softmaxCrossEntropy(logits: Tensor2D, labels: Tensor1D): Tensor1D;
  /** Repeats every pixel factor × factor times: [n, h, w, c] -> [n, factor h, factor w, c]. */
  resizeNearest(x: Tensor4D, factor: number): Tensor4D;
  /** Drop-path: x · keepMask with keepMask [n, 1, 1, 1]. The caller fills the mask with 0 or 1 / keepProbability. */
  dropPath(x: Tensor4D, keepMask: Tensor4D): Tensor4D;
}

/** A variable trained by an optimizer. */
export interface OptimizedVariable {
  readonly variable: Variable;
  /** L2 weight decay of this variable, added to its gradient after clipping; default 0. Leave at 0 for batch-norm scales and shifts and for biases. */
  readonly weightDecay?: number;
}

interface CommonOptions {
  /** Gradients are scaled down so that their global norm is at most this; 0 or absent disables clipping. */
  readonly clipNorm?: number;
}

/** Adam as in PyTorch: epsilon is added after the bias correction. */
export interface AdamOptions extends CommonOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** velocity = momentum · velocity + gradient; variable -= learningRate · velocity. */
export interface SgdOptions extends CommonOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** Variables without a gradient do not move at all: neither by momentum nor by weight decay. For steps that use a few of many variables. Default false. */
  readonly sampled?: boolean;
}

/** Result of one optimizer step. */
export type OptimizerStep = {
  /** Global L2 norm of the gradients before clipping. */
  readonly gradientNorm: number;
  /** False if the norm was not finite; then neither variables nor state have changed. */
  readonly applied: boolean;
};

/** The values of a float32 tensor. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Optimizer {
  readonly variables: readonly Variable[];
  /** Steps applied so far. */
  readonly step: number;
  /**
   * Performs one step. `gradients` are keyed by variable name, as returned by `tf.variableGrads`, and stay the caller's. A missing gradient counts as
   * zero (momentum continues), unless the optimizer is `sampled`. Reads one scalar, the norm, from the device.
   * @throws Error for a gradient of an unknown variable or of the wrong shape
   */
  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): OptimizerStep;
  /** Copies of moments and step count for a checkpoint: `<variable>/momentum`, `<variable>/m`, `<variable>/v` and `step`. Does not include the variables. */
  state(): Record<string, NamedArray>;
  /** Restores the state of an optimizer of the same kind over the same variables. Values are copied. @throws Error if a name or shape does not match; then nothing changes */
  restore(state: Readonly<Record<string, NamedArray>>): void;
  /** Disposes the moments but not the variables. */
  dispose(): void;
}
