/** Slow, obvious versions of the operations: one loop per index, in double precision. The tests compare kernels with them. */

/** A dense array with its shape; values in double precision. */
export interface Dense {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export function dense(shape: readonly number[], values: ArrayLike<number>): Dense {
  return { shape, values: Float64Array.from(values) };
}

/** A small random generator (mulberry32) for reproducible test values. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Uniform in -1 ... 1, exact in float32. */
export function random(shape: readonly number[], seed: number): Dense {
  const next = numbers(seed);
  return dense(
    shape,
    Float32Array.from({ length: size(shape) }, () => 2 * next() - 1),
  );
}

/** Distinct values, 0.1 apart, in random order: changes below 0.05 change no maximum and no sign. */
export function distinct(shape: readonly number[], seed: number): Dense {
  const next = numbers(seed);
  const values = Array.from({ length: size(shape) }, (_, i) => (i - size(shape) / 2 + 0.5) * 0.1);
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [values[i], values[j]] = [values[j] ?? 0, values[i] ?? 0];
  }
  return dense(shape, Float32Array.from(values));
}

/** Small integers, so that windows have several equal maxima. */
export function withTies(shape: readonly number[], seed: number): Dense {
  const next = numbers(seed);
  return dense(
    shape,
    Float32Array.from({ length: size(shape) }, () => Math.floor(next() * 3) - 1),
  );
}

export const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

const get = (array: Dense, ...index: readonly number[]): number => {
  let offset = 0;
  for (const [axis, i] of index.entries()) offset = offset * (array.shape[axis] ?? 0) + i;
  return array.values[offset] ?? Number.NaN;
};

/** Length of the output with SAME padding, and the padding before the image. */
function same(length: number, kernel: number, stride: number, dilation: number): { out: number; before: number } {
  const out = Math.ceil(length / stride);
  return { out, before: Math.floor(Math.max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - length) / 2) };
}

const dims = (x: Dense): [number, number, number, number] => [x.shape[0] ?? 0, x.shape[1] ?? 0, x.shape[2] ?? 0, x.shape[3] ?? 0];

/** Convolution, or depthwise convolution with w [kh, kw, c, 1]. */
export function convolution(x: Dense, w: Dense, stride: number, dilation: number, depthwise: boolean): Dense {
  const [n, height, width, cin] = dims(x);
  const [kh, kw, , last] = dims(w);
  const cout = depthwise ? cin : last;
  const rows = same(height, kh, stride, dilation);
  const columns = same(width, kw, stride, dilation);
  const y: number[] = [];
  for (let b = 0; b < n; b++)
    for (let i = 0; i < rows.out; i++)
      for (let j = 0; j < columns.out; j++)
        for (let o = 0; o < cout; o++) {
          let sum = 0;
          for (let p = 0; p < kh; p++)
            for (let q = 0; q < kw; q++) {
              const r = i * stride - rows.before + p * dilation;
              const s = j * stride - columns.before + q * dilation;
              if (r < 0 || r >= height || s < 0 || s >= width) continue;
              if (depthwise) sum += get(x, b, r, s, o) * get(w, p, q, o, 0);
              else for (let c = 0; c < cin; c++) sum += get(x, b, r, s, c) * get(w, p, q, c, o);
            }
          y.push(sum);
        }
  return dense([n, rows.out, columns.out, cout], y);
}

export function pool(x: Dense, window: number, stride: number, kind: "max" | "avg"): Dense {
  const [n, height, width, channels] = dims(x);
  const rows = same(height, window, stride, 1);
  const columns = same(width, window, stride, 1);
  const y: number[] = [];
  for (let b = 0; b < n; b++)
    for (let i = 0; i < rows.out; i++)
      for (let j = 0; j < columns.out; j++)
        for (let c = 0; c < channels; c++) {
          const seen: number[] = [];
          for (let p = 0; p < window; p++)
            for (let q = 0; q < window; q++) {
              const r = i * stride - rows.before + p;
              const s = j * stride - columns.before + q;
              if (r >= 0 && r < height && s >= 0 && s < width) seen.push(get(x, b, r, s, c));
            }
          y.push(kind === "max" ? Math.max(...seen) : seen.reduce((sum, value) => sum + value, 0) / seen.length);
        }
  return dense([n, rows.out, columns.out, channels], y);
}

/** Gradient of max pooling: the first of equal maxima in row order gets the gradient. */
export function maxPoolGradient(x: Dense, dy: Dense, window: number, stride: number): Dense {
  const [n, height, width, channels] = dims(x);
  const rows = same(height, window, stride, 1);
  const columns = same(width, window, stride, 1);
  const dx = new Float64Array(x.values.length);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < rows.out; i++)
      for (let j = 0; j < columns.out; j++)
        for (let c = 0; c < channels; c++) {
          let best = -1;
          let largest = Number.NEGATIVE_INFINITY;
          for (let p = 0; p < window; p++)
            for (let q = 0; q < window; q++) {
              const r = i * stride - rows.before + p;
              const s = j * stride - columns.before + q;
              if (r < 0 || r >= height || s < 0 || s >= width) continue;
              const value = get(x, b, r, s, c);
              if (value > largest) {
                largest = value;
                best = ((b * height + r) * width + s) * channels + c;
              }
            }
          dx[best] = (dx[best] ?? 0) + get(dy, b, i, j, c);
        }
  return { shape: x.shape, values: dx };
}

/** Mean and variance (biased and unbiased) of each channel. */
export function statistics(x: Dense): { mean: number[]; biased: number[]; unbiased: number[] } {
  const channels = x.shape.at(-1) ?? 0;
  const count = x.values.length / channels;
  const column = (c: number): number[] => Array.from({ length: count }, (_, i) => x.values[i * channels + c] ?? 0);
  const mean = Array.from({ length: channels }, (_, c) => column(c).reduce((sum, value) => sum + value, 0) / count);
  const squares = mean.map((m, c) => column(c).reduce((sum, value) => sum + (value - m) ** 2, 0));
  return { mean, biased: squares.map((value) => value / count), unbiased: squares.map((value) => value / (count - 1)) };
}

export function normalise(x: Dense, mean: readonly number[], variance: readonly number[], gamma: Dense, beta: Dense, epsilon: number): Dense {
  const channels = mean.length;
  return {
    shape: x.shape,
    values: x.values.map((value, i) => {
      const c = i % channels;
      return ((value - (mean[c] ?? 0)) / Math.sqrt((variance[c] ?? 0) + epsilon)) * (gamma.values[c] ?? 0) + (beta.values[c] ?? 0);
    }),
  };
}

export function crossEntropy(logits: Dense, labels: readonly number[]): Dense {
  const classes = logits.shape[1] ?? 0;
  return dense(
    [labels.length],
    labels.map((label, row) => {
      const line = Array.from(logits.values.slice(row * classes, (row + 1) * classes));
      return Math.log(line.reduce((sum, value) => sum + Math.exp(value), 0)) - (line[label] ?? 0);
    }),
  );
}
