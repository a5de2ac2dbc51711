/** SAME padding along one axis of an image. */
export interface SamePadding {
  /** Length of the axis before padding. */
  readonly size: number;
  /** Length of the output. */
  readonly output: number;
  /** Zeros before the first pixel. */
  readonly before: number;
  /** Zeros after the last pixel: the same number, or one more. */
  readonly after: number;
}

/** TensorFlow's SAME padding of an axis of `size` pixels for a window of `kernel` taps. */
export function samePadding(size: number, kernel: number, stride: number, dilation: number): SamePadding {
  const output = Math.ceil(size / stride);
  const total = Math.max(0, (output - 1) * stride + (kernel - 1) * dilation + 1 - size);
  const before = Math.floor(total / 2);
  return { size, output, before, after: total - before };
}

/** The reciprocal of the number of pixels of each size × size pooling window that are inside the image, [output rows, output columns]. */
export function windowShares(rows: SamePadding, columns: SamePadding, size: number, stride: number): Float32Array {
  const inside = (axis: SamePadding, at: number): number => Math.min(axis.size, at * stride - axis.before + size) - Math.max(0, at * stride - axis.before);
  const shares = new Float32Array(rows.output * columns.output);
  for (let i = 0, k = 0; i < rows.output; i++) for (let j = 0; j < columns.output; j++) shares[k++] = 1 / (inside(rows, i) * inside(columns, j));
  return shares;
}
