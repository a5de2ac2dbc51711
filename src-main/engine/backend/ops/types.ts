import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D, Variable } from "./tf.ts";

/** Which library computes. Every run names it: numbers are equal bit for bit only on the same backend, library and thread count. */
export type BackendName = "tensorflow-cuda" | "tensorflow-cpu" | "wasm";

export interface BackendChoice {
  /**
   * `auto` (default): TensorFlow, or wasm with a `fallbackReason` when it cannot be loaded. `tensorflow`: TensorFlow or an error. `wasm`: wasm.
   */
  readonly prefer?: "auto" | "tensorflow" | "wasm";
  /** Threads inside one kernel; 0 or absent leaves the choice to the library. Ignored by wasm, which runs on one thread. */
  readonly threads?: number;
  /**
   * Whether oneDNN's kernels may run on the CPU; default true. Each call then takes them from the size on at which they win, by shape alone. False is for
   * comparisons.
   */
  readonly oneDnn?: boolean;
  /** Whether the studio's own kernels may run on the CPU where they were built; default true. False is for comparisons. */
  readonly ownKernels?: boolean;
  /**
   * Asks TensorFlow for deterministic kernels on CUDA; slower, and an operation without one throws. On the CPU the kernels used here are deterministic anyway.
   */
  readonly deterministic?: boolean;
}

/** The backend of this process, from `initBackend`. */
export interface Backend {
  readonly name: BackendName;
  /** The processor in words, for example `CPU, 2 threads`. */
  readonly device: string;
  /** For example `TensorFlow 2.21.0` or `tfjs-backend-wasm 4.22.0`. */
  readonly libraryVersion: string;
  /** Why TensorFlow does not run although it was wanted; absent when nothing was lost. */
  readonly fallbackReason?: string;
  readonly ops: Ops;
  createAdam(variables: readonly OptimizedVariable[], options?: AdamOptions): Optimizer;
  createSgd(variables: readonly OptimizedVariable[], options?: SgdOptions): Optimizer;
}

/** What `batchNormTrain` returns. */
export interface BatchNormTrainResult {
  readonly y: Tensor4D;
  /** Mean of the batch, [channels]; without gradient. */
  readonly mean: Tensor1D;
  /** Unbiased variance of the batch (divided by n - 1, as TensorFlow and PyTorch keep it for running averages), [channels]; without gradient. */
  readonly variance: Tensor1D;
}

/**
 * The operations that networks are built from; float32, NHWC, SAME padding (as much behind as in front, the odd one behind).
 *
 * Differentiable once (no second derivatives) with respect to every float argument unless noted, and lazily: a gradient that nobody asked for, such as
 * that of the images, is not computed. Nothing is disposed: call inside `tf.tidy` or a gradient function. Wrong shapes throw an Error that names the operation.
 */
export interface Ops {
  /** Convolution. x [n, h, w, cin], w [kh, kw, cin, cout] -> [n, ceil(h / stride), ceil(w / stride), cout]. */
  conv2d(x: Tensor4D, w: Tensor4D, stride: number, dilation: number): Tensor4D;
  /**
   * Each channel with its own filter. x [n, h, w, c], w [kh, kw, c, 1] -> [n, ceil(h / stride), ceil(w / stride), c].
   * With `relu`, of max(x, 0); some backends do that while they read x, without a kernel of its own.
   */
  depthwiseConv2d(x: Tensor4D, w: Tensor4D, stride: number, dilation: number, relu?: boolean): Tensor4D;
  /** Batch norm with the statistics of this batch: y = gamma (x - mean) / sqrt(biased variance + epsilon) + beta. gamma and beta [c]. */
  batchNormTrain(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon: number): BatchNormTrainResult;
  /** Batch norm with given statistics; differentiable with respect to x, gamma and beta. */
  batchNormInference(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, mean: Tensor1D, variance: Tensor1D, epsilon: number): Tensor4D;
  relu<T extends Tensor>(x: T): T;
  /** Maximum over size × size windows; of equal maxima the first in row order gets the gradient. */
  maxPool(x: Tensor4D, size: number, stride: number): Tensor4D;
  /** Mean over size × size windows; padding is not counted. */
  avgPool(x: Tensor4D, size: number, stride: number): Tensor4D;
  /** Mean over the image: [n, h, w, c] -> [n, c]. */
  globalAveragePool(x: Tensor4D): Tensor2D;
  matMul(a: Tensor2D, b: Tensor2D, transposeA?: boolean, transposeB?: boolean): Tensor2D;
  /** Concatenation along the last axis, [n, h, w, c1], [n, h, w, c2] ... -> [n, h, w, c1 + c2 + ...]. */
  concatChannels(list: readonly Tensor4D[]): Tensor4D;
  /** Sum of tensors of one shape in one kernel. A list of one is returned as it is. */
  addN<T extends Tensor>(list: readonly T[]): T;
  reshape<T extends Tensor>(x: Tensor, shape: readonly number[]): T;
  slice<T extends Tensor>(x: T, begin: readonly number[], size: readonly number[]): T;
  /** [n, ...] -> n tensors [...], one kernel; one more for the gradient. */
  unstack(x: Tensor): Tensor[];
  /** Loss of each example, -log softmax(logits)[label]. logits [n, classes], labels int32 [n] in 0 ... classes - 1 -> [n]. */
  softmaxCrossEntropy(logits: Tensor2D, labels: Tensor1D): Tensor1D;
  /** Repeats every pixel factor × factor times: [n, h, w, c] -> [n, factor h, factor w, c]. */
  resizeNearest(x: Tensor4D, factor: number): Tensor4D;
  /** Drop-path: x · keepMask with keepMask [n, 1, 1, 1]; the caller puts 0 or 1 / keepProbability into the mask. */
  dropPath(x: Tensor4D, keepMask: Tensor4D): Tensor4D;
}

/** A variable that an optimizer trains. */
export interface OptimizedVariable {
  readonly variable: Variable;
  /** L2 weight decay of this variable, added to its gradient after clipping; default 0. Leave at 0 for batch-norm affine and biases. */
  readonly weightDecay?: number;
}

interface CommonOptions {
  /** Gradients are scaled down so that their global norm is at most this; 0 or absent is off. */
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
}

/** What one optimizer step did. */
export type OptimizerStep = {
  /** Global L2 norm of the gradients before clipping. */
  readonly gradientNorm: number;
  /** False when the norm was not finite; then neither variables nor state changed. */
  readonly applied: boolean;
};

/** A float32 tensor by value. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export interface Optimizer {
  readonly variables: readonly Variable[];
  /** Steps applied so far. */
  readonly step: number;
  /**
   * One step. `gradients` by variable name, as `tf.variableGrads` returns them; the caller still owns them. A variable without a gradient counts as one
   * with a zero gradient (momentum goes on). Reads one scalar, the norm, from the device.
   * @throws Error for a gradient of an unknown variable or of the wrong shape
   */
  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): OptimizerStep;
  /** Copies of moments and step count for a checkpoint: `<variable>/momentum`, `<variable>/m`, `<variable>/v` and `step`. The variables themselves are the model's. */
  state(): Record<string, NamedArray>;
  /** Takes up a state that an optimizer of the same kind over the same variables gave. Values are copied. @throws Error if a name or shape does not fit; nothing changes then */
  restore(state: Readonly<Record<string, NamedArray>>): void;
  /** Frees the moments; the variables live on. */
  dispose(): void;
}

/** Gradients and their norm, from `clipByGlobalNorm`. */
export interface ClippedGradients {
  readonly gradients: Record<string, Tensor>;
  /** Norm before clipping, on the device. */
  readonly norm: Scalar;
}
