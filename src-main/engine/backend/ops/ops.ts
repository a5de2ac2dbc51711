import { type ConvAttributes, kernels, shape4 } from "./kernels.ts";
import { samePadding } from "./padding.ts";
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "./tf.ts";
import type { BatchNormTrainResult, Ops } from "./types.ts";

type Convolution = (x: Tensor4D, w: Tensor4D, attributes: ConvAttributes) => Tensor4D;

/** Filter sizes that the direct depthwise kernel supports. */
const DIRECT_KERNELS: ReadonlySet<number> = new Set([3, 5, 7]);

/** The operations, built on the kernels of the active backend. */
export const ops: Ops = {
  conv2d(x, w, stride, dilation) {
    const [, , , channels] = shape4(x, "conv2d: x");
    const [, , cin] = shape4(w, "conv2d: w");
    if (channels !== cin) throw new Error(`conv2d: x has ${channels} channels, but w takes ${cin}.`);
    return convolve(kernels.conv2d, x, w, stride, dilation, "conv2d");
  },

  depthwiseConv2d(x, w, stride, dilation, relu = false) {
    const [, , , channels] = shape4(x, "depthwiseConv2d: x");
    const [kh, kw, c, multiplier] = shape4(w, "depthwiseConv2d: w");
    if (channels !== c) throw new Error(`depthwiseConv2d: x has ${channels} channels, but w takes ${c}.`);
    if (multiplier !== 1) throw new Error(`depthwiseConv2d: the last dimension of w must be 1 but is ${multiplier}.`);
    if (stride === 1 && kh === kw && DIRECT_KERNELS.has(kh) && Number.isInteger(dilation) && dilation > 0 && kernels.hasDirectDepthwise())
      return kernels.depthwiseDirect(x, w, { dilation, relu });
    return convolve(kernels.depthwise, relu ? kernels.relu(x) : x, w, stride, dilation, "depthwiseConv2d");
  },

  batchNormTrain(x, gamma, beta, epsilon): BatchNormTrainResult {
    checkChannels(x, { gamma, beta }, "batchNormTrain");
    const [y, mean, variance] = kernels.batchNorm(x, gamma, beta, epsilon);
    return { y: y as Tensor4D, mean: mean as Tensor1D, variance: variance as Tensor1D };
  },

  batchNormInference(x, gamma, beta, mean, variance, epsilon) {
    checkChannels(x, { gamma, beta, mean, variance }, "batchNormInference");
    return kernels.batchNormInference(x, gamma, beta, mean, variance, epsilon);
  },

  relu: kernels.relu,

  maxPool(x, size, stride) {
    shape4(x, "maxPool: x");
    checkCounts("maxPool", { size, stride });
    return kernels.maxPool(x, { size, stride });
  },

  avgPool(x, size, stride) {
    shape4(x, "avgPool: x");
    checkCounts("avgPool", { size, stride });
    return kernels.avgPool(x, { size, stride });
  },

  globalAveragePool(x) {
    shape4(x, "globalAveragePool: x");
    return kernels.globalAveragePool(x);
  },

  matMul: (a: Tensor2D, b: Tensor2D, transposeA = false, transposeB = false): Tensor2D => tf.matMul(a, b, transposeA, transposeB),

  concatChannels: (list) => tf.concat([...list], -1),

  addN<T extends Tensor>(list: readonly T[]): T {
    const [first] = list;
    if (first === undefined) throw new Error("addN: the list is empty.");
    return list.length === 1 ? first : tf.addN([...list]);
  },

  reshape: <T extends Tensor>(x: Tensor, shape: readonly number[]): T => tf.reshape(x, [...shape]) as T,

  slice: <T extends Tensor>(x: T, begin: readonly number[], size: readonly number[]): T => tf.slice(x, [...begin], [...size]) as T,

  unstack: (x) => tf.unstack(x, 0),

  softmaxCrossEntropy(logits, labels) {
    if (logits.rank !== 2 || labels.rank !== 1 || logits.shape[0] !== labels.shape[0] || labels.dtype !== "int32") {
      throw new Error(
        `softmaxCrossEntropy: takes logits [n, classes] and int32 labels [n], but got [${logits.shape.join(", ")}] and ${labels.dtype} [${labels.shape.join(", ")}].`,
      );
    }
    return kernels.softmaxCrossEntropy(logits, labels);
  },

  resizeNearest(x, factor) {
    shape4(x, "resizeNearest: x");
    checkCounts("resizeNearest", { factor });
    return factor === 1 ? x : kernels.resizeNearest(x, factor);
  },

  dropPath(x, keepMask) {
    const [n, h, w, c] = shape4(keepMask, "dropPath: keepMask");
    if (n !== x.shape[0] || h !== 1 || w !== 1 || c !== 1)
      throw new Error(`dropPath: keepMask must be [${x.shape[0]}, 1, 1, 1] but is [${keepMask.shape.join(", ")}].`);
    return tf.mul(x, keepMask);
  },
};

/**
 * Dilated convolution by rearranging pixels, which is exact on every backend. (TensorFlow's CPU kernels reject dilation or, in depthwise gradients, silently ignore it.)
 * With stride 1, the image is split into dilation² interleaved images, which are convolved without dilation and merged again. With a stride equal to the dilation,
 * only the first of these images is needed.
 */
function convolve(convolution: Convolution, x: Tensor4D, w: Tensor4D, stride: number, dilation: number, what: string): Tensor4D {
  checkCounts(what, { stride, dilation });
  if (dilation === 1) return convolution(x, w, { stride, padding: "SAME" });
  if (stride !== 1 && stride !== dilation)
    throw new Error(`${what}: stride ${stride} with dilation ${dilation} is not supported; use stride 1 or ${dilation}.`);
  const [n, height, width] = shape4(x, what);
  const [kh, kw] = shape4(w, what);
  if (kh === 1 && kw === 1) return convolution(x, w, { stride, padding: "SAME" });
  const rows = samePadding(height, kh, stride, dilation);
  const columns = samePadding(width, kw, stride, dilation);
  const block = [dilation, dilation];
  const valid: ConvAttributes = { stride: 1, padding: "VALID" };
  if (stride === 1) {
    const extra = [rows, columns].map(({ size, before, after }) => (dilation - ((size + before + after) % dilation)) % dilation);
    const [extraRows = 0, extraColumns = 0] = extra;
    const phases = tf.spaceToBatchND(x, block, [
      [rows.before, rows.after + extraRows],
      [columns.before, columns.after + extraColumns],
    ]);
    return tf.batchToSpaceND(convolution(phases, w, valid), block, [
      [0, extraRows],
      [0, extraColumns],
    ]);
  }
  const phases = tf.spaceToBatchND(x, block, [
    [rows.before, dilation * (rows.output + kh - 1) - height - rows.before],
    [columns.before, dilation * (columns.output + kw - 1) - width - columns.before],
  ]);
  const first = tf.slice(phases, [0, 0, 0, 0], [n, -1, -1, -1]);
  return convolution(first, w, valid);
}

function checkCounts(what: string, counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`${what}: ${name} must be a positive whole number but is ${value}.`);
  }
}

function checkChannels(x: Tensor4D, vectors: Readonly<Record<string, Tensor1D>>, what: string): void {
  const [, , , channels] = shape4(x, `${what}: x`);
  for (const [name, vector] of Object.entries(vectors)) {
    if (vector.rank !== 1 || vector.shape[0] !== channels)
      throw new Error(`${what}: ${name} must have shape [${channels}] but has [${vector.shape.join(", ")}].`);
  }
}
