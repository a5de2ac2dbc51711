/** The engine's kernels on TensorFlow (CPU and CUDA): usually one native operation each. */
import { at, type ConvAttributes, type KernelImplementations, type PoolAttributes, type Shape4D } from "../ops/kernels.ts";
import { samePadding, windowShares } from "../ops/padding.ts";
import { type Tensor, type TensorInfo, tf } from "../ops/tf.ts";
import type { NativeAttribute, NativeKernels } from "./native.ts";
import { ownKernels } from "./own-kernels.ts";

/**
 * Which kernels may run on the CPU besides TensorFlow's default ones.
 *
 * oneDNN's kernels are 1.5 to 4 times faster on ordinary sizes, but cost about 0.1 ms more per call, ten times the default kernel, on tiny ones (measured on two cores
 * with batches of 2 to 64, images of 4 to 32 pixels and 4 to 128 channels). TensorFlow has only one switch for all of them, but they can be called one by one under
 * their own names. The choice depends on shapes only, so that results are reproducible.
 */
export interface TensorFlowKernelOptions {
  /** False disables oneDNN's kernels. */
  readonly oneDnn: boolean;
  /** False disables the project's own kernels. */
  readonly own: boolean;
  /** Sizes from which oneDNN's kernels are used. Tests lower them to check the kernels with small images. */
  readonly oneDnnFrom?: typeof ONE_DNN_FROM;
}

/** oneDNN's kernels are registered under separate names, with this label. They are not part of TensorFlow's public interface, so each is tried at start. */
const ONE_DNN_PREFIX = "_MklNative";
const ONE_DNN_LABEL = "MklNameChangeOp";

/** Sizes from which oneDNN is faster: in multiply-adds for convolutions, their gradients and depthwise convolutions, in elements for batch norm and pools. */
export const ONE_DNN_FROM = { conv: 8e6, convGradient: 2e6, depthwise: 4e5, batchNorm: 3e4, avgPool: 6e4, maxPool: 4e3 };

/** @param native the kernels of the active TensorFlow backend */
export function tensorflowKernels(native: NativeKernels, options: TensorFlowKernelOptions): KernelImplementations {
  const float = native.type("T", "float32");
  const format = native.string("data_format", "NHWC");
  const attributeLists = new Map<string, readonly NativeAttribute[]>();

  function remember(key: string, make: () => readonly NativeAttribute[]): readonly NativeAttribute[] {
    let list = attributeLists.get(key);
    if (list === undefined) {
      list = make();
      attributeLists.set(key, list);
    }
    return list;
  }

  const oneDnnLabel = native.string("_kernel", ONE_DNN_LABEL);

  /** Attributes of oneDNN's kernel or of the default one. */
  const labelled = (key: string, oneDnn: boolean, make: () => readonly NativeAttribute[]): readonly NativeAttribute[] =>
    remember(oneDnn ? `${key} oneDNN` : key, () => (oneDnn ? [...make(), oneDnnLabel] : make()));

  const convolution = ({ stride, padding }: ConvAttributes, oneDnn: boolean): readonly NativeAttribute[] =>
    labelled(`conv ${stride} ${padding}`, oneDnn, () => [
      float,
      format,
      native.string("padding", padding),
      native.int("strides", [1, stride, stride, 1]),
      native.int("dilations", [1, 1, 1, 1]),
    ]);

  const pool = ({ size, stride }: PoolAttributes, oneDnn: boolean): readonly NativeAttribute[] =>
    labelled(`pool ${size} ${stride}`, oneDnn, () => [
      float,
      format,
      native.string("padding", "SAME"),
      native.int("ksize", [1, size, size, 1]),
      native.int("strides", [1, stride, stride, 1]),
    ]);

  const batchNormAttributes = (epsilon: number, training: boolean, oneDnn: boolean): readonly NativeAttribute[] =>
    labelled(`norm ${epsilon} ${training}`, oneDnn, () => [
      float,
      native.type("U", "float32"),
      format,
      native.float("epsilon", epsilon),
      native.bool("is_training", training),
    ]);

  const batchNormForward = (epsilon: number, oneDnn: boolean): readonly NativeAttribute[] =>
    remember(`norm forward ${epsilon} ${oneDnn}`, () => [...batchNormAttributes(epsilon, true, oneDnn), native.float("exponential_avg_factor", 1)]);

  const onlyFloat = [float];
  const reduction = [float, native.type("Tidx", "int32"), native.bool("keep_dims", false)];
  const crossEntropy = [float, native.type("Tlabels", "int32")];
  const reshape = [float, native.type("Tshape", "int32")];
  const broadcast = [float, native.type("Tidx", "int32")];
  const resize = [float, native.bool("align_corners", false), native.bool("half_pixel_centers", false)];
  const from = options.oneDnnFrom ?? ONE_DNN_FROM;
  const available = oneDnnKernels();
  const own = options.own && !native.usesGpu ? ownKernels(native) : null;

  /** The name of the kernel to run, and whether it is oneDNN's. */
  const choose = (name: string, work: number, least: number): { readonly name: string; readonly oneDnn: boolean } =>
    work >= least && available.has(name) ? { name: ONE_DNN_PREFIX + name, oneDnn: true } : { name, oneDnn: false };

  /** Names of the oneDNN kernels that exist and work here; none on CUDA. */
  function oneDnnKernels(): ReadonlySet<string> {
    if (!options.oneDnn || native.usesGpu) return new Set();
    const found = new Set<string>();
    tf.tidy(() => {
      const x = tf.ones([1, 4, 4, 2]);
      const shape = native.vector([1, 4, 4, 2]);
      const pointwise: ConvAttributes = { stride: 1, padding: "SAME" };
      const vector = tf.ones([2]);
      const trial = (name: string, attributes: readonly NativeAttribute[], inputs: readonly TensorInfo[], outputs = 1): Tensor[] => {
        try {
          const results = native.runMany(ONE_DNN_PREFIX + name, attributes, inputs, outputs);
          const values = results[0]?.dataSync() ?? [];
          if (values.length > 0 && [...values].every(Number.isFinite)) found.add(name);
          return results;
        } catch {
          return [];
        }
      };
      const full = tf.ones([3, 3, 2, 2]);
      const single = tf.ones([3, 3, 2, 1]);
      trial("Conv2D", convolution(pointwise, true), [x, full]);
      trial("Conv2DBackpropInput", convolution(pointwise, true), [shape, full, x]);
      trial("Conv2DBackpropFilter", convolution(pointwise, true), [x, native.vector([3, 3, 2, 2]), x]);
      trial("DepthwiseConv2dNative", convolution(pointwise, true), [x, single]);
      trial("DepthwiseConv2dNativeBackpropInput", convolution(pointwise, true), [shape, single, x]);
      trial("DepthwiseConv2dNativeBackpropFilter", convolution(pointwise, true), [x, native.vector([3, 3, 2, 1]), x]);
      const epsilon = 1e-3;
      const [, , , mean, variance, extra] = trial("FusedBatchNormV3", batchNormForward(epsilon, true), [x, vector, vector, native.empty(), native.empty()], 6);
      if (mean !== undefined && variance !== undefined && extra !== undefined)
        trial("FusedBatchNormGradV3", batchNormAttributes(epsilon, true, true), [x, x, vector, mean, variance, extra], 5);
      const window: PoolAttributes = { size: 2, stride: 2 };
      trial("AvgPool", pool(window, true), [x]);
      trial("AvgPoolGrad", pool(window, true), [shape, tf.ones([1, 2, 2, 2])]);
      const [y, workspace] = trial("MaxPool", pool(window, true), [x], 2);
      if (y !== undefined && workspace !== undefined) trial("MaxPoolGrad", pool(window, true), [x, y, tf.ones([1, 2, 2, 2]), workspace]);
    });
    // A forward kernel requires its gradient, which interprets what the forward kernel saves.
    if (!found.has("MaxPoolGrad")) found.delete("MaxPool");
    if (!found.has("FusedBatchNormGradV3")) found.delete("FusedBatchNormV3");
    return found;
  }

  /** Each window distributes dy evenly over its pixels: the gradient of a depthwise convolution with ones. */
  function averagePoolGradient(dy: TensorInfo, { size, stride, inputShape }: PoolAttributes & { readonly inputShape: Shape4D }): Tensor {
    const [, height, width, channels] = inputShape;
    const [rows, columns] = [samePadding(height, size, stride, 1), samePadding(width, size, stride, 1)];
    return tf.tidy(() => {
      const shares = tf.tensor4d(windowShares(rows, columns, size, stride), [1, rows.output, columns.output, 1]);
      const shared = native.run("Mul", onlyFloat, [dy, shares]);
      const ones = tf.ones([size, size, channels, 1]);
      return native.run("DepthwiseConv2dNativeBackpropInput", convolution({ stride, padding: "SAME" }, false), [native.vector(inputShape), ones, shared]);
    });
  }

  function batchNormGradient(
    dy: TensorInfo,
    x: TensorInfo,
    gamma: TensorInfo,
    mean: TensorInfo,
    variance: TensorInfo,
    extra: TensorInfo,
    epsilon: number,
    training: boolean,
  ): Tensor[] {
    const { name, oneDnn } = training ? choose("FusedBatchNormGradV3", elements(x), from.batchNorm) : { name: "FusedBatchNormGradV3", oneDnn: false };
    const outputs = native.runMany(name, batchNormAttributes(epsilon, training, oneDnn), [dy, x, gamma, mean, variance, extra], 5);
    for (const unused of outputs.slice(3)) unused.dispose();
    return outputs.slice(0, 3);
  }

  return {
    conv2d({ x, w }, attributes) {
      const [kh = 0, kw = 0, , cout = 0] = w.shape;
      // A 1 × 1 convolution is one matrix product in both kernels.
      const work = kh * kw === 1 ? 0 : (elements(x) * kh * kw * cout) / attributes.stride ** 2;
      const { name, oneDnn } = choose("Conv2D", work, from.conv);
      return native.run(name, convolution(attributes, oneDnn), [x, w]);
    },
    conv2dInputGradient({ dy, w }, attributes) {
      const [kh = 0, kw = 0, cin = 0] = w.shape;
      const work = kh * kw === 1 && attributes.stride > 1 ? 0 : elements(dy) * kh * kw * cin;
      const { name, oneDnn } = choose("Conv2DBackpropInput", work, from.convGradient);
      return native.run(name, convolution(attributes, oneDnn), [native.vector(attributes.inputShape), w, dy]);
    },
    conv2dFilterGradient({ x, dy }, attributes) {
      const [kh, kw, cin] = attributes.filterShape;
      // oneDNN's kernel for 1 × 1 filters with a stride writes beyond its buffer (TensorFlow 2.21: the process crashes with a corrupted heap).
      const work = kh * kw === 1 && attributes.stride > 1 ? 0 : elements(dy) * kh * kw * cin;
      const { name, oneDnn } = choose("Conv2DBackpropFilter", work, from.convGradient);
      return native.run(name, convolution(attributes, oneDnn), [x, native.vector(attributes.filterShape), dy]);
    },
    depthwise({ x, w }, attributes) {
      const [kh = 0, kw = 0] = w.shape;
      const { name, oneDnn } = choose("DepthwiseConv2dNative", (elements(x) * kh * kw) / attributes.stride ** 2, from.depthwise);
      return native.run(name, convolution(attributes, oneDnn), [x, w]);
    },
    depthwiseInputGradient({ dy, w }, attributes) {
      const [kh = 0, kw = 0] = w.shape;
      const { name, oneDnn } = choose("DepthwiseConv2dNativeBackpropInput", elements(dy) * kh * kw, from.depthwise);
      return native.run(name, convolution(attributes, oneDnn), [native.vector(attributes.inputShape), w, dy]);
    },
    depthwiseFilterGradient({ x, dy }, attributes) {
      const [kh, kw] = attributes.filterShape;
      // oneDNN is only faster for 3 × 3; from 5 × 5 on it takes twice the time of the default kernel.
      const { name, oneDnn } = choose("DepthwiseConv2dNativeBackpropFilter", kh * kw > 9 ? 0 : elements(dy) * kh * kw, from.depthwise);
      return native.run(name, convolution(attributes, oneDnn), [x, native.vector(attributes.filterShape), dy]);
    },

    ...own?.depthwise,

    batchNorm({ x, gamma, beta }, { epsilon }) {
      if (own !== null) return own.batchNorm({ x, gamma, beta }, { epsilon });
      const { name, oneDnn } = choose("FusedBatchNormV3", elements(x), from.batchNorm);
      return native.runMany(name, batchNormForward(epsilon, oneDnn), [x, gamma, beta, native.empty(), native.empty()], 6);
    },
    batchNormGradient: (inputs, { epsilon }) => {
      if (own !== null) return own.batchNormGradient(inputs, { epsilon });
      const { dy, x, gamma, saved1, saved2, saved3 } = inputs;
      return batchNormGradient(dy, x, gamma, saved1, saved2, saved3, epsilon, true);
    },
    batchNormInference({ x, gamma, beta, mean, variance }, { epsilon }) {
      const outputs = native.runMany("FusedBatchNormV3", batchNormAttributes(epsilon, false, false), [x, gamma, beta, mean, variance], 6);
      for (const unused of outputs.slice(1)) unused.dispose();
      return at(outputs, 0);
    },
    batchNormInferenceGradient: ({ dy, x, gamma, mean, variance }, { epsilon }) =>
      batchNormGradient(dy, x, gamma, mean, variance, native.empty(), epsilon, false),

    relu: ({ x }) => native.run("Relu", onlyFloat, [x]),
    reluGradient: ({ dy, y }) => native.run("ReluGrad", onlyFloat, [dy, y]),

    // oneDNN's max pooling saves the position of each maximum; the default gradient searches again on one thread and is 40 times slower.
    maxPool({ x }, attributes) {
      const { name, oneDnn } = choose("MaxPool", elements(x), from.maxPool);
      return oneDnn ? native.runMany(name, pool(attributes, true), [x], 2) : [native.run(name, pool(attributes, false), [x]), tf.scalar(0)];
    },
    maxPoolGradient({ dy, x, y, saved }, attributes) {
      const { name, oneDnn } = choose("MaxPoolGrad", elements(x), from.maxPool);
      return native.run(name, pool(attributes, oneDnn), oneDnn ? [x, y, dy, saved] : [x, y, dy]);
    },
    avgPool({ x }, attributes) {
      const { name, oneDnn } = choose("AvgPool", elements(x), from.avgPool);
      return native.run(name, pool(attributes, oneDnn), [x]);
    },
    avgPoolGradient({ dy }, attributes) {
      const { name, oneDnn } = choose("AvgPoolGrad", elements({ shape: attributes.inputShape }), from.avgPool);
      if (!oneDnn && countsPadding(attributes)) return averagePoolGradient(dy, attributes);
      return native.run(name, pool(attributes, oneDnn), [native.vector(attributes.inputShape), dy]);
    },

    globalAveragePool: ({ x }) => native.run("Mean", reduction, [x, native.vector([1, 2])]),
    globalAveragePoolGradient({ dy }, { inputShape }) {
      const [n, height, width, channels] = inputShape;
      return tf.tidy(() => {
        const columns = native.run("Reshape", reshape, [dy, native.vector([n, 1, 1, channels])]);
        return native.run("BroadcastTo", broadcast, [tf.div(columns, height * width), native.vector(inputShape)]);
      });
    },

    softmaxCrossEntropy: ({ logits, labels }) => native.runMany("SparseSoftmaxCrossEntropyWithLogits", crossEntropy, [logits, labels], 2),

    resizeNearest({ x }, { factor }) {
      const [, height = 0, width = 0] = x.shape;
      return native.run("ResizeNearestNeighbor", resize, [x, native.vector([height * factor, width * factor])]);
    },
    resizeNearestGradient({ dy }, { factor }) {
      const [, height = 0, width = 0] = dy.shape;
      return native.run("ResizeNearestNeighborGrad", resize, [dy, native.vector([height / factor, width / factor])]);
    },
  };
}

/**
 * Whether TensorFlow's CPU kernel `AvgPoolGrad` is wrong for a shape (version 2.21). If a window is larger than the image, the kernel forgets that the padding before the
 * image shortens the window, and divides by too many pixels. Example: size 5, stride 3 and a side of 4 pixels, as in the auxiliary head.
 */
function countsPadding({ size, stride, inputShape: [, height, width] }: PoolAttributes & { readonly inputShape: Shape4D }): boolean {
  return [height, width].some((side) => {
    const { before, output } = samePadding(side, size, stride, 1);
    return Array.from({ length: output }, (_, i) => before - i * stride).some((hidden) => hidden > 0 && size > side && size - hidden < side);
  });
}

function elements({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((product, length) => product * length, 1);
}
