/** The engine's kernels on TensorFlow: one native operation each, on the CPU and on CUDA. */
import type { ConvAttributes, KernelImplementations, PoolAttributes } from "./kernels.ts";
import { at } from "./kernels.ts";
import type { NativeAttribute, NativeKernels } from "./native.ts";
import { tf, type Tensor, type TensorInfo } from "./tf.ts";

/**
 * oneDNN's max pool remembers where each maximum was; TensorFlow's own gradient searches again, on one thread, 40 times slower. Only the x86 builds for
 * the CPU have it, under a name that is not part of the public interface: hence the trial in `hasMemorisingMaxPool`.
 */
const ONEDNN_MAX_POOL = "_MklNativeMaxPool";

/** @param native the kernels of the active TensorFlow backend */
export function tensorflowKernels(native: NativeKernels): KernelImplementations {
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

  const convolution = ({ stride, padding }: ConvAttributes): readonly NativeAttribute[] =>
    remember(`conv ${stride} ${padding}`, () => [float, format, native.string("padding", padding), native.int("strides", [1, stride, stride, 1]), native.int("dilations", [1, 1, 1, 1])]);

  const pool = ({ size, stride }: PoolAttributes, label?: string): readonly NativeAttribute[] =>
    remember(`pool ${size} ${stride} ${label ?? ""}`, () => [
      float,
      format,
      native.string("padding", "SAME"),
      native.int("ksize", [1, size, size, 1]),
      native.int("strides", [1, stride, stride, 1]),
      ...(label === undefined ? [] : [native.string("_kernel", label)]),
    ]);

  const batchNormAttributes = (epsilon: number, training: boolean): readonly NativeAttribute[] =>
    remember(`norm ${epsilon} ${training}`, () => [float, native.type("U", "float32"), format, native.float("epsilon", epsilon), native.bool("is_training", training)]);

  const onlyFloat = [float];
  const reduction = [float, native.type("Tidx", "int32"), native.bool("keep_dims", false)];
  const crossEntropy = [float, native.type("Tlabels", "int32")];
  const broadcast = [float, native.type("Tidx", "int32")];
  const resize = [float, native.bool("align_corners", false), native.bool("half_pixel_centers", false)];
  const oneDnnPool = "MklNameChangeOp";
  const memorisingMaxPool = !native.usesGpu && hasMemorisingMaxPool();

  function hasMemorisingMaxPool(): boolean {
    return tf.tidy(() => {
      try {
        const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
        const attributes = pool({ size: 2, stride: 2 }, oneDnnPool);
        const [y, workspace] = native.runMany(ONEDNN_MAX_POOL, attributes, [x], 2);
        if (y === undefined || workspace === undefined) return false;
        const gradient = native.run(`${ONEDNN_MAX_POOL}Grad`, attributes, [x, y, tf.onesLike(y), workspace]);
        return y.dataSync()[0] === 4 && [...gradient.dataSync()].join() === "0,0,0,1";
      } catch {
        return false;
      }
    });
  }

  function batchNormGradient(dy: TensorInfo, x: TensorInfo, gamma: TensorInfo, mean: TensorInfo, variance: TensorInfo, extra: TensorInfo, epsilon: number, training: boolean): Tensor[] {
    const outputs = native.runMany("FusedBatchNormGradV3", batchNormAttributes(epsilon, training), [dy, x, gamma, mean, variance, extra], 5);
    for (const unused of outputs.slice(3)) unused.dispose();
    return outputs.slice(0, 3);
  }

  return {
    conv2d: ({ x, w }, attributes) => native.run("Conv2D", convolution(attributes), [x, w]),
    conv2dInputGradient: ({ dy, w }, attributes) => native.run("Conv2DBackpropInput", convolution(attributes), [native.vector(attributes.inputShape), w, dy]),
    conv2dFilterGradient: ({ x, dy }, attributes) => native.run("Conv2DBackpropFilter", convolution(attributes), [x, native.vector(attributes.filterShape), dy]),
    depthwise: ({ x, w }, attributes) => native.run("DepthwiseConv2dNative", convolution(attributes), [x, w]),
    depthwiseInputGradient: ({ dy, w }, attributes) => native.run("DepthwiseConv2dNativeBackpropInput", convolution(attributes), [native.vector(attributes.inputShape), w, dy]),
    depthwiseFilterGradient: ({ x, dy }, attributes) => native.run("DepthwiseConv2dNativeBackpropFilter", convolution(attributes), [x, native.vector(attributes.filterShape), dy]),

    batchNorm({ x, gamma, beta }, { epsilon }) {
      const attributes = remember(`norm forward ${epsilon}`, () => [...batchNormAttributes(epsilon, true), native.float("exponential_avg_factor", 1)]);
      return native.runMany("FusedBatchNormV3", attributes, [x, gamma, beta, native.empty(), native.empty()], 6);
    },
    batchNormGradient: ({ dy, x, gamma, saved1, saved2, saved3 }, { epsilon }) => batchNormGradient(dy, x, gamma, saved1, saved2, saved3, epsilon, true),
    batchNormInference({ x, gamma, beta, mean, variance }, { epsilon }) {
      const outputs = native.runMany("FusedBatchNormV3", batchNormAttributes(epsilon, false), [x, gamma, beta, mean, variance], 6);
      for (const unused of outputs.slice(1)) unused.dispose();
      return at(outputs, 0);
    },
    batchNormInferenceGradient: ({ dy, x, gamma, mean, variance }, { epsilon }) => batchNormGradient(dy, x, gamma, mean, variance, native.empty(), epsilon, false),

    relu: ({ x }) => native.run("Relu", onlyFloat, [x]),
    reluGradient: ({ dy, y }) => native.run("ReluGrad", onlyFloat, [dy, y]),

    maxPool: ({ x }, attributes) =>
      memorisingMaxPool ? native.runMany(ONEDNN_MAX_POOL, pool(attributes, oneDnnPool), [x], 2) : [native.run("MaxPool", pool(attributes), [x]), tf.scalar(0)],
    maxPoolGradient: ({ dy, x, y, saved }, attributes) =>
      memorisingMaxPool ? native.run(`${ONEDNN_MAX_POOL}Grad`, pool(attributes, oneDnnPool), [x, y, dy, saved]) : native.run("MaxPoolGrad", pool(attributes), [x, y, dy]),
    avgPool: ({ x }, attributes) => native.run("AvgPool", pool(attributes), [x]),
    avgPoolGradient: ({ dy }, attributes) => native.run("AvgPoolGrad", pool(attributes), [native.vector(attributes.inputShape), dy]),

    globalAveragePool: ({ x }) => native.run("Mean", reduction, [x, native.vector([1, 2])]),
    globalAveragePoolGradient({ dy }, { inputShape }) {
      const [n, height, width, channels] = inputShape;
      const scaled = tf.div(tf.reshape(tf.engine().makeTensorFromTensorInfo(dy), [n, 1, 1, channels]), height * width);
      return native.run("BroadcastTo", broadcast, [scaled, native.vector(inputShape)]);
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
