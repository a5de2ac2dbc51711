/** References for batch norm, the loss and resizing, in double precision. */
import { type Dense, dense, size, statistics } from "../support/reference.ts";

export interface NormResult {
  readonly y: Dense;
  readonly mean: Dense;
  readonly unbiased: Dense;
}

const channelsOf = ({ shape }: Dense): number => shape.at(-1) ?? 0;
const get = (array: ArrayLike<number>, index: number): number => array[index] ?? Number.NaN;

/** Batch norm with given statistics. */
export function normalise(x: Dense, gamma: Dense, beta: Dense, mean: ArrayLike<number>, variance: ArrayLike<number>, epsilon: number): Dense {
  const channels = channelsOf(x);
  return dense(
    x.shape,
    x.values.map((value, i) => {
      const c = i % channels;
      return ((value - get(mean, c)) / Math.sqrt(get(variance, c) + epsilon)) * get(gamma.values, c) + get(beta.values, c);
    }),
  );
}

/** Batch norm with the statistics of the batch. The unbiased variance of a single value is 0. */
export function batchNorm(x: Dense, gamma: Dense, beta: Dense, epsilon: number): NormResult {
  const channels = channelsOf(x);
  const count = x.values.length / channels;
  const { mean, biased } = statistics(x);
  return {
    y: normalise(x, gamma, beta, mean, biased, epsilon),
    mean: dense([channels], mean),
    unbiased: dense(
      [channels],
      biased.map((value) => (value * count) / Math.max(1, count - 1)),
    ),
  };
}

/** Gradients with respect to x, gamma and beta. With `ofBatch`, mean and variance are the statistics of x and depend on it. */
export function normaliseGradients(
  dy: Dense,
  x: Dense,
  gamma: Dense,
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  epsilon: number,
  ofBatch: boolean,
): { readonly x: Dense; readonly gamma: Dense; readonly beta: Dense } {
  const channels = channelsOf(x);
  const count = x.values.length / channels;
  const inverse = Array.from({ length: channels }, (_, c) => 1 / Math.sqrt(get(variance, c) + epsilon));
  const normalised = x.values.map((value, i) => (value - get(mean, i % channels)) * get(inverse, i % channels));
  const [dgamma, dbeta] = [new Float64Array(channels), new Float64Array(channels)];
  for (const [i, value] of dy.values.entries()) {
    dgamma[i % channels] = get(dgamma, i % channels) + value * get(normalised, i);
    dbeta[i % channels] = get(dbeta, i % channels) + value;
  }
  const share = ofBatch ? 1 / count : 0;
  const dx = dy.values.map((value, i) => {
    const c = i % channels;
    return get(gamma.values, c) * get(inverse, c) * (value - share * get(dbeta, c) - share * get(normalised, i) * get(dgamma, c));
  });
  return { x: dense(x.shape, dx), gamma: dense([channels], dgamma), beta: dense([channels], dbeta) };
}

/** Loss of each row and its gradient, softmax - one-hot. */
export function crossEntropy(logits: Dense, labels: readonly number[]): { readonly losses: Dense; readonly gradient: Dense } {
  const classes = logits.shape[1] ?? 0;
  const gradient = new Float64Array(logits.values.length);
  const losses = labels.map((label, row) => {
    const line = [...logits.values.slice(row * classes, (row + 1) * classes)];
    const largest = Math.max(...line);
    const sum = line.reduce((total, value) => total + Math.exp(value - largest), 0);
    for (const [c, value] of line.entries()) gradient[row * classes + c] = Math.exp(value - largest) / sum - (c === label ? 1 : 0);
    return Math.log(sum) + largest - get(line, label);
  });
  return { losses: dense([labels.length], losses), gradient: dense(logits.shape, gradient) };
}

/** Repeats every pixel factor × factor times. */
export function repeatPixels(x: Dense, factor: number): Dense {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const shape = [n, h * factor, w * factor, c];
  return dense(
    shape,
    Float64Array.from({ length: size(shape) }, (_, i) => {
      const [pixel, channel] = [Math.floor(i / c), i % c];
      const column = Math.floor((pixel % (w * factor)) / factor);
      const row = Math.floor((Math.floor(pixel / (w * factor)) % (h * factor)) / factor);
      const image = Math.floor(pixel / (w * factor * h * factor));
      return get(x.values, ((image * h + row) * w + column) * c + channel);
    }),
  );
}

/** Gradient of {@link repeatPixels}. */
export function sumBlocks(dy: Dense, factor: number): Dense {
  const [n = 0, h = 0, w = 0, c = 0] = dy.shape;
  const shape = [n, h / factor, w / factor, c];
  const dx = new Float64Array(size(shape));
  for (const [i, value] of dy.values.entries()) {
    const [pixel, channel] = [Math.floor(i / c), i % c];
    const column = Math.floor((pixel % w) / factor);
    const row = Math.floor((Math.floor(pixel / w) % h) / factor);
    const at = ((Math.floor(pixel / (w * h)) * (h / factor) + row) * (w / factor) + column) * c + channel;
    dx[at] = get(dx, at) + value;
  }
  return dense(shape, dx);
}
