/**
 * Kernels as plain loops over float32 arrays in NHWC, for operations that tfjs's wasm backend lacks or computes incorrectly. Sums over a batch are computed in double
 * precision. These functions take arrays, not tensors, and do not modify them.
 */
import type { SamePadding } from "../ops/padding.ts";

/** Shape of a batch of images: [n, height, width, channels]. */
export type BatchShape = readonly [number, number, number, number];

/** How a window slides over an image. */
export interface SlidingWindow {
  readonly height: number;
  readonly width: number;
  readonly stride: number;
  readonly rows: Pick<SamePadding, "output" | "before">;
  readonly columns: Pick<SamePadding, "output" | "before">;
}

/** Statistics of each channel over all pixels, as batch norm uses them. */
export interface NormStatistics {
  readonly mean: Float32Array;
  /** Biased: divided by the number of pixels. */
  readonly variance: Float32Array;
}

/** Gradients of batch norm. */
export interface NormGradients {
  readonly x: Float32Array;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/**
 * Gradient of a depthwise convolution with respect to its filter, [window.height, window.width, channels]. For strides above 1; there is a SIMD kernel for stride 1.
 * Processes one tap and one row of the image at a time, so that the sums of four channels stay in registers.
 */
export function depthwiseFilterGradient(x: Float32Array, [n, height, width, channels]: BatchShape, dy: Float32Array, window: SlidingWindow): Float32Array {
  const { rows, columns, stride } = window;
  const sums = new Float64Array(window.height * window.width * channels);
  const step = stride * channels;
  for (let image = 0; image < n; image++) {
    for (let i = 0; i < rows.output; i++) {
      for (let a = 0; a < window.height; a++) {
        const row = i * stride - rows.before + a;
        if (row < 0 || row >= height) continue;
        for (let b = 0; b < window.width; b++) {
          // Outputs j for which this tap is inside the image.
          const offset = b - columns.before;
          const first = Math.max(0, Math.ceil(-offset / stride));
          const end = Math.min(columns.output, Math.floor((width - 1 - offset) / stride) + 1);
          const inputStart = ((image * height + row) * width + first * stride + offset) * channels;
          const outputStart = ((image * rows.output + i) * columns.output + first) * channels;
          const outputEnd = outputStart + (end - first) * channels;
          addProducts(x, inputStart, step, dy, outputStart, outputEnd, channels, sums, (a * window.width + b) * channels);
        }
      }
    }
  }
  return Float32Array.from(sums);
}

/** Adds x · dy over one row of the image to the sum of each channel. A separate function, so that the JIT compiles it once. */
function addProducts(
  x: Float32Array,
  inputStart: number,
  step: number,
  dy: Float32Array,
  outputStart: number,
  outputEnd: number,
  channels: number,
  sums: Float64Array,
  target: number,
): void {
  let c = 0;
  for (; c + 4 <= channels; c += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let input = inputStart + c, output = outputStart + c; output < outputEnd; input += step, output += channels) {
      s0 += read(x, input) * read(dy, output);
      s1 += read(x, input + 1) * read(dy, output + 1);
      s2 += read(x, input + 2) * read(dy, output + 2);
      s3 += read(x, input + 3) * read(dy, output + 3);
    }
    sums[target + c] = readDouble(sums, target + c) + s0;
    sums[target + c + 1] = readDouble(sums, target + c + 1) + s1;
    sums[target + c + 2] = readDouble(sums, target + c + 2) + s2;
    sums[target + c + 3] = readDouble(sums, target + c + 3) + s3;
  }
  for (; c < channels; c++) {
    let sum = 0;
    for (let input = inputStart + c, output = outputStart + c; output < outputEnd; input += step, output += channels) sum += read(x, input) * read(dy, output);
    sums[target + c] = readDouble(sums, target + c) + sum;
  }
}

/** Mean over the pixels of each image, [n, channels]. */
export function globalMean(x: Float32Array, [n, height, width, channels]: BatchShape): Float32Array {
  const sums = new Float64Array(n * channels);
  const pixels = height * width;
  for (let image = 0, i = 0; image < n; image++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let c = image * channels; c < (image + 1) * channels; c++) sums[c] = readDouble(sums, c) + read(x, i++);
    }
  }
  return Float32Array.from(sums, (sum) => sum / pixels);
}

/** Gradient of {@link globalMean}: [n, channels] -> [n, height, width, channels], each value divided by the number of pixels. */
export function globalMeanGradient(dy: Float32Array, [n, height, width, channels]: BatchShape): Float32Array {
  const pixels = height * width;
  const scaled = dy.map((value) => value / pixels);
  const dx = new Float32Array(n * pixels * channels);
  for (let image = 0; image < n; image++) {
    const row = scaled.subarray(image * channels, (image + 1) * channels);
    for (let pixel = 0; pixel < pixels; pixel++) dx.set(row, (image * pixels + pixel) * channels);
  }
  return dx;
}

/** -log softmax(logits)[label] of each row, and its gradient, softmax - one-hot. @throws Error for a label that is not a class */
export function softmaxCrossEntropy(logits: Float32Array, labels: Int32Array, classes: number): { losses: Float32Array; gradient: Float32Array } {
  const losses = new Float32Array(labels.length);
  const gradient = new Float32Array(logits.length);
  for (const [row, label] of labels.entries()) {
    if (label < 0 || label >= classes) throw new Error(`softmaxCrossEntropy: label ${label} is not one of the ${classes} classes.`);
    const start = row * classes;
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, read(logits, start + c));
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(read(logits, start + c) - largest);
    for (let c = 0; c < classes; c++) gradient[start + c] = Math.exp(read(logits, start + c) - largest) / sum - (c === label ? 1 : 0);
    losses[row] = Math.log(sum) + largest - read(logits, start + label);
  }
  return { losses, gradient };
}

/** Repeats every pixel factor × factor times. */
export function repeatPixels(x: Float32Array, [n, height, width, channels]: BatchShape, factor: number): Float32Array {
  const y = new Float32Array(x.length * factor * factor);
  let target = 0;
  for (let row = 0; row < n * height * factor; row++) {
    const source = Math.floor(row / factor) * width;
    for (let column = 0; column < width * factor; column++, target += channels) {
      const from = (source + Math.floor(column / factor)) * channels;
      for (let c = 0; c < channels; c++) y[target + c] = read(x, from + c);
    }
  }
  return y;
}

/** Sum over each factor × factor block, the gradient of {@link repeatPixels}. The shape is that of dy. */
export function sumBlocks(dy: Float32Array, [n, height, width, channels]: BatchShape, factor: number): Float32Array {
  const dx = new Float32Array(dy.length / (factor * factor));
  let source = 0;
  for (let row = 0; row < n * height; row++) {
    const target = Math.floor(row / factor) * (width / factor);
    for (let column = 0; column < width; column++, source += channels) {
      const to = (target + Math.floor(column / factor)) * channels;
      for (let c = 0; c < channels; c++) dx[to + c] = read(dx, to + c) + read(dy, source + c);
    }
  }
  return dx;
}

/** Reads an element that exists. Separate functions per array type, because a shared one would be slow for both. */
function read(array: Float32Array, index: number): number {
  return array[index] ?? Number.NaN;
}

function readDouble(array: Float64Array, index: number): number {
  return array[index] ?? Number.NaN;
}
