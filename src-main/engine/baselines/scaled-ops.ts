import { type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { BatchNormTrainResult, Ops } from "../backend/ops/types.ts";

/**
 * Operations for synaptic flow. A network of positive weights without batch norm multiplies its signal by ten or more in each layer, which overflows float32 long
 * before the end of 18 blocks. Here each activation is a tensor with maximum 1 together with the logarithm of the factor that was divided out; sums and
 * concatenations first bring their terms to a common factor. For non-negative activations every operation is positively homogeneous, so only rounding changes. For
 * the same reason the gradient may treat the factors as constants.
 *
 * Batch norm is skipped, as synaptic flow requires. Activations that come neither from `register` nor from these operations are refused.
 */
export class ScaledOps implements Ops {
  private readonly ops: Ops;
  private readonly logs = new WeakMap<Tensor, number>();
  /** Natural logarithm of the factor of the last matrix product, which gives the logits (their bias is zero before training). */
  lastProductLog = 0;

  constructor(ops: Ops) {
    this.ops = ops;
  }

  /** Declares an activation; `log` is the natural logarithm of the factor that was divided out. */
  register<T extends Tensor>(x: T, log = 0): T {
    this.logs.set(x, log);
    return x;
  }

  /** Natural logarithm of the factor of an activation. @throws Error if the tensor was not registered */
  logOf(x: Tensor): number {
    const log = this.logs.get(x);
    if (log === undefined) throw new Error("An activation without a known scale reached synaptic flow.");
    return log;
  }

  conv2d(x: Tensor4D, w: Tensor4D, stride: number, dilation: number): Tensor4D {
    return this.normalised(this.ops.conv2d(x, w, stride, dilation), this.logOf(x));
  }

  depthwiseConv2d(x: Tensor4D, w: Tensor4D, stride: number, dilation: number, relu?: boolean): Tensor4D {
    return this.normalised(this.ops.depthwiseConv2d(x, w, stride, dilation, relu), this.logOf(x));
  }

  /** Batch norm is skipped: y = x. */
  batchNormTrain(x: Tensor4D, gamma: Tensor1D, _beta: Tensor1D, _epsilon: number): BatchNormTrainResult {
    return { y: x, mean: tf.zerosLike(gamma), variance: tf.onesLike(gamma) };
  }

  /** Batch norm is skipped: y = x. */
  batchNormInference(x: Tensor4D): Tensor4D {
    return x;
  }

  relu<T extends Tensor>(x: T): T {
    return this.register(this.ops.relu(x), this.logOf(x));
  }

  maxPool(x: Tensor4D, size: number, stride: number): Tensor4D {
    return this.register(this.ops.maxPool(x, size, stride), this.logOf(x));
  }

  avgPool(x: Tensor4D, size: number, stride: number): Tensor4D {
    return this.register(this.ops.avgPool(x, size, stride), this.logOf(x));
  }

  globalAveragePool(x: Tensor4D): Tensor2D {
    return this.register(this.ops.globalAveragePool(x), this.logOf(x));
  }

  matMul(a: Tensor2D, b: Tensor2D, transposeA?: boolean, transposeB?: boolean): Tensor2D {
    const y = this.normalised(this.ops.matMul(a, b, transposeA, transposeB), this.logOf(a));
    this.lastProductLog = this.logOf(y);
    return y;
  }

  concatChannels(list: readonly Tensor4D[]): Tensor4D {
    const { terms, log } = this.aligned(list);
    return this.register(this.ops.concatChannels(terms), log);
  }

  addN<T extends Tensor>(list: readonly T[]): T {
    const { terms, log } = this.aligned(list);
    return this.normalised(this.ops.addN(terms), log);
  }

  reshape<T extends Tensor>(x: Tensor, shape: readonly number[]): T {
    return this.withFactorOf(this.ops.reshape<T>(x, shape), x);
  }

  slice<T extends Tensor>(x: T, begin: readonly number[], size: readonly number[]): T {
    return this.withFactorOf(this.ops.slice(x, begin, size), x);
  }

  unstack(x: Tensor): Tensor[] {
    return this.ops.unstack(x).map((part) => this.withFactorOf(part, x));
  }

  softmaxCrossEntropy(): Tensor1D {
    throw new Error("Synaptic flow has no labels and no loss.");
  }

  resizeNearest(x: Tensor4D, factor: number): Tensor4D {
    return this.register(this.ops.resizeNearest(x, factor), this.logOf(x));
  }

  dropPath(x: Tensor4D, keepMask: Tensor4D): Tensor4D {
    return this.register(this.ops.dropPath(x, keepMask), this.logOf(x));
  }

  /** Weights are reshaped and sliced, too; they have no factor. */
  private withFactorOf<T extends Tensor>(y: T, x: Tensor): T {
    const log = this.logs.get(x);
    return log === undefined ? y : this.register(y, log);
  }

  private normalised<T extends Tensor>(y: T, log: number): T {
    const largest = tf.tidy(() => y.max().dataSync()[0] ?? 0);
    if (!(largest > 0)) return this.register(y, log);
    return this.register(tf.mul(y, 1 / largest) as T, log + Math.log(largest));
  }

  private aligned<T extends Tensor>(list: readonly T[]): { terms: T[]; log: number } {
    const logs = list.map((x) => this.logOf(x));
    const log = Math.max(...logs);
    return { terms: list.map((x, i) => (logs[i] === log ? x : (tf.mul(x, Math.exp((logs[i] ?? log) - log)) as T))), log };
  }
}
