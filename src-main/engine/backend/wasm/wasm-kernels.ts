/**
 * The engine's kernels on the wasm backend. Convolutions and their gradients run as forward convolutions on XNNPACK. Operations that tfjs's backend lacks, gets wrong or runs slowly
 * (dilated depthwise convolutions and their gradients, gradients of ReLU and max pooling, batch norm) use our own SIMD kernels; the rest are plain loops.
 */
import { type ConvAttributes, type KernelImplementations, type Shape4D, shape4 } from "../ops/kernels.ts";
import { type SamePadding, samePadding, windowShares } from "../ops/padding.ts";
import { type Tensor, type Tensor3D, type Tensor4D, type TensorInfo, tf } from "../ops/tf.ts";
import * as loops from "./loops.ts";
import { SimdKernels } from "./simd-kernels.ts";

/** How the window of a convolution slides along one axis. */
type Axis = Pick<SamePadding, "size" | "output" | "before">;

/** The kernels of the wasm backend. @throws Error if WebAssembly SIMD is not supported */
export function wasmKernels(): KernelImplementations {
  const simd = new SimdKernels();
  return {
    conv2d: ({ x, w }, attributes) =>
      tf.tidy(() => tf.conv2d(covered(tensor4(x), shape4(w, "w"), attributes), tensor4(w), attributes.stride, libraryPadding(attributes))),

    /** dy, spread out by the stride, is convolved with the flipped filter whose inputs and outputs are swapped. */
    conv2dInputGradient: ({ dy, w }, attributes) =>
      tf.tidy(() => {
        const flipped = tf.transpose(tf.reverse(tensor4(w), [0, 1]), [0, 1, 3, 2]);
        return tf.conv2d(spread(tensor4(dy), shape4(w, "w"), attributes), flipped, 1, "valid");
      }),

    /** The images, with batch and channels swapped, are convolved with dy as filter, dilated by the stride. */
    conv2dFilterGradient: ({ x, dy }, attributes) =>
      tf.tidy(() => {
        const [kh, kw, cin, cout] = attributes.filterShape;
        if (kh === 1 && kw === 1 && attributes.stride === 1) return tf.tensor(simd.outerSums(floats(x), floats(dy), cin, cout), [...attributes.filterShape]);
        const images = tf.transpose(padded(tensor4(x), attributes.filterShape, attributes), [3, 1, 2, 0]);
        const kernel = tf.transpose(tensor4(dy), [1, 2, 0, 3]);
        return tf.transpose(tf.conv2d(images, kernel, 1, "valid", "NHWC", attributes.stride), [1, 2, 0, 3]);
      }),

    depthwise: ({ x, w }, attributes) =>
      tf.tidy(() => tf.depthwiseConv2d(covered(tensor4(x), shape4(w, "w"), attributes), tensor4(w), attributes.stride, libraryPadding(attributes))),

    depthwiseInputGradient: ({ dy, w }, attributes) =>
      tf.tidy(() => tf.depthwiseConv2d(spread(tensor4(dy), shape4(w, "w"), attributes), tf.reverse(tensor4(w), [0, 1]), 1, "valid")),

    depthwiseFilterGradient({ x, dy }, attributes) {
      const [height, width] = attributes.filterShape;
      const shape = shape4(x, "x");
      const [rows, columns] = axesOf(shape, height, width, attributes);
      return tf.tensor(loops.depthwiseFilterGradient(floats(x), shape, floats(dy), { height, width, stride: attributes.stride, rows, columns }), [
        ...attributes.filterShape,
      ]);
    },

    depthwiseDirect({ x, w }, attributes) {
      const [k] = shape4(w, "w");
      return tf.tensor(simd.depthwise(floats(x), shape4(x, "x"), floats(w), k, attributes), x.shape);
    },
    depthwiseDirectInputGradient({ dy, x, w }, attributes) {
      const [k] = shape4(w, "w");
      return tf.tensor(simd.depthwiseInputGradient(floats(dy), floats(x), shape4(x, "x"), floats(w), k, attributes), x.shape);
    },
    depthwiseDirectFilterGradient({ dy, x, w }, attributes) {
      const [k] = shape4(w, "w");
      return tf.tensor(simd.depthwiseFilterGradient(floats(x), shape4(x, "x"), floats(dy), k, attributes), w.shape);
    },

    batchNorm({ x, gamma, beta }, { epsilon }) {
      const values = floats(x);
      const statistics = simd.channelStatistics(values, gamma.shape[0] ?? 0);
      const count = values.length / statistics.mean.length;
      const y = simd.normalise(values, statistics, floats(gamma), floats(beta), epsilon);
      const unbiased = statistics.variance.map((variance) => (variance * count) / Math.max(1, count - 1));
      return [
        tf.tensor(y, x.shape),
        tf.tensor1d(statistics.mean.slice()),
        tf.tensor1d(unbiased),
        tf.tensor1d(statistics.mean),
        tf.tensor1d(statistics.variance),
        tf.tensor1d([]),
      ];
    },
    batchNormGradient: ({ dy, x, gamma, saved1, saved2 }, { epsilon }) => normGradient(simd, dy, x, gamma, saved1, saved2, epsilon, true),
    batchNormInference({ x, gamma, beta, mean, variance }, { epsilon }) {
      return tf.tensor(simd.normalise(floats(x), { mean: floats(mean), variance: floats(variance) }, floats(gamma), floats(beta), epsilon), x.shape);
    },
    batchNormInferenceGradient: ({ dy, x, gamma, mean, variance }, { epsilon }) => normGradient(simd, dy, x, gamma, mean, variance, epsilon, false),

    relu: ({ x }) => tf.relu(tensor(x)),
    reluGradient: ({ dy, y }) => tf.tensor(simd.reluGradient(floats(dy), floats(y)), dy.shape),

    maxPool: ({ x }, { size, stride }) => [tf.maxPool(tensor4(x), size, stride, "same"), tf.tensor1d([])],
    maxPoolGradient({ dy, x, y }, attributes) {
      const shape = shape4(x, "x");
      return tf.tensor(simd.maxPoolGradient(floats(dy), floats(x), floats(y), shape, poolWindow(shape, attributes.size, attributes.stride)), x.shape);
    },
    avgPool: ({ x }, { size, stride }) => tf.avgPool(tensor4(x), size, stride, "same"),
    /** Each window distributes dy evenly over its pixels: a depthwise convolution with ones. */
    avgPoolGradient: ({ dy }, { size, stride, inputShape }) =>
      tf.tidy(() => {
        const [, height, width, channels] = shape4(dy, "dy");
        const { rows, columns } = poolWindow(inputShape, size, stride);
        const shares = tf.tensor4d(windowShares(rows, columns, size, stride), [1, height, width, 1]);
        const ones = tf.ones([size, size, channels, 1]) as Tensor4D;
        return tf.depthwiseConv2d(spread(tf.mul(tensor4(dy), shares), shape4(ones, "ones"), { stride, padding: "SAME", inputShape }), ones, 1, "valid");
      }),

    globalAveragePool({ x }) {
      const shape = shape4(x, "x");
      return tf.tensor2d(loops.globalMean(floats(x), shape), [shape[0], shape[3]]);
    },
    globalAveragePoolGradient: ({ dy }, { inputShape }) => tf.tensor(loops.globalMeanGradient(floats(dy), inputShape), [...inputShape]),

    softmaxCrossEntropy({ logits, labels }) {
      const [n = 0, classes = 0] = logits.shape;
      const { losses, gradient } = loops.softmaxCrossEntropy(floats(logits), integers(labels), classes);
      return [tf.tensor1d(losses), tf.tensor2d(gradient, [n, classes])];
    },

    resizeNearest({ x }, { factor }) {
      const shape = shape4(x, "x");
      const [n, height, width, channels] = shape;
      return tf.tensor4d(loops.repeatPixels(floats(x), shape, factor), [n, height * factor, width * factor, channels]);
    },
    resizeNearestGradient({ dy }, { factor }) {
      const shape = shape4(dy, "dy");
      const [n, height, width, channels] = shape;
      return tf.tensor4d(loops.sumBlocks(floats(dy), shape, factor), [n, height / factor, width / factor, channels]);
    },
  };
}

function normGradient(
  simd: SimdKernels,
  dy: TensorInfo,
  x: TensorInfo,
  gamma: TensorInfo,
  mean: TensorInfo,
  variance: TensorInfo,
  epsilon: number,
  ofBatch: boolean,
): Tensor[] {
  const gradients = simd.normaliseGradient(floats(dy), floats(x), { mean: floats(mean), variance: floats(variance) }, floats(gamma), epsilon, ofBatch);
  return [tf.tensor(gradients.x, x.shape), tf.tensor1d(gradients.scale), tf.tensor1d(gradients.shift)];
}

/** The part of x that the windows of a convolution cover, including padding. */
function padded(x: Tensor4D, [kh, kw]: Shape4D, attributes: ConvAttributes): Tensor4D {
  const [rows, columns] = axesOf(shape4(x, "x"), kh, kw, attributes);
  return place(x, [
    [rows.before, (rows.output - 1) * attributes.stride + kh],
    [columns.before, (columns.output - 1) * attributes.stride + kw],
  ]);
}

/** With a stride, tfjs's SAME padding fails if no window covers the last row or column; x is padded here instead. */
const padsItself = ({ stride, padding }: ConvAttributes): boolean => stride === 1 && padding === "SAME";
const libraryPadding = (attributes: ConvAttributes): "same" | "valid" => (padsItself(attributes) ? "same" : "valid");
const covered = (x: Tensor4D, filter: Shape4D, attributes: ConvAttributes): Tensor4D => (padsItself(attributes) ? x : padded(x, filter, attributes));

/** dy with stride - 1 zeros between pixels, padded so that a VALID convolution with the flipped filter gives the gradient with respect to the input. */
function spread(dy: Tensor4D, [kh, kw]: Shape4D, attributes: ConvAttributes & { readonly inputShape: Shape4D }): Tensor4D {
  const { stride, inputShape } = attributes;
  const [n, height, width, channels] = shape4(dy, "dy");
  const [rows, columns] = axesOf(inputShape, kh, kw, attributes);
  let spaced = dy;
  if (stride > 1) {
    const gap: [number, number][] = [
      [0, 0],
      [0, stride - 1],
      [0, 0],
    ];
    const wide = tf.pad(tf.reshape(dy, [n * height * width, 1, channels]) as Tensor3D, gap);
    const high = tf.pad(tf.reshape(wide, [n * height, 1, width * stride * channels]) as Tensor3D, gap);
    spaced = tf.reshape(high, [n, height * stride, width * stride, channels]);
  }
  return place(spaced, [
    [kh - 1 - rows.before, rows.size + kh - 1],
    [kw - 1 - columns.before, columns.size + kw - 1],
  ]);
}

/** Pads or crops both image axes. For each axis: [zeros before the image, total length]. */
function place(x: Tensor4D, [rows, columns]: readonly [readonly [number, number], readonly [number, number]]): Tensor4D {
  const [n, height, width, channels] = shape4(x, "x");
  const kept = [Math.min(height, rows[1] - rows[0]), Math.min(width, columns[1] - columns[0])] as const;
  const cut = kept[0] === height && kept[1] === width ? x : tf.slice(x, [0, 0, 0, 0], [n, kept[0], kept[1], channels]);
  const pads: [[number, number], [number, number], [number, number], [number, number]] = [
    [0, 0],
    [rows[0], rows[1] - rows[0] - kept[0]],
    [columns[0], columns[1] - columns[0] - kept[1]],
    [0, 0],
  ];
  return pads.flat().every((count) => count === 0) ? cut : tf.pad4d(cut, pads);
}

function axesOf([, height, width]: Shape4D, kh: number, kw: number, { stride, padding }: ConvAttributes): readonly [Axis, Axis] {
  const axis = (size: number, kernel: number): Axis =>
    padding === "SAME" ? samePadding(size, kernel, stride, 1) : { size, output: Math.ceil((size - kernel + 1) / stride), before: 0 };
  return [axis(height, kh), axis(width, kw)];
}

function poolWindow(
  [, height, width]: Shape4D,
  size: number,
  stride: number,
): loops.SlidingWindow & { readonly rows: SamePadding; readonly columns: SamePadding } {
  return { height: size, width: size, stride, rows: samePadding(height, size, stride, 1), columns: samePadding(width, size, stride, 1) };
}

/** Kernel arguments are tensors, although tfjs declares them as TensorInfo. */
function tensor(info: TensorInfo): Tensor {
  if (!(info instanceof tf.Tensor)) throw new Error("A kernel argument is not a tensor.");
  return info;
}

const tensor4 = (info: TensorInfo): Tensor4D => tensor(info) as Tensor4D;

function floats(info: TensorInfo): Float32Array {
  const values = tf.backend().readSync(info.dataId);
  if (!(values instanceof Float32Array)) throw new Error(`A kernel requires float32, but got ${info.dtype}.`);
  return values;
}

function integers(info: TensorInfo): Int32Array {
  const values = tf.backend().readSync(info.dataId);
  if (!(values instanceof Int32Array)) throw new Error(`A kernel requires int32, but got ${info.dtype}.`);
  return values;
}
