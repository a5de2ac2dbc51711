/**
 * Matrix products as plain loops over float32 arrays, for the small and sequential products of message passing, where a call into a tensor library costs more
 * than the arithmetic. Sums run in double precision, in an order that does not depend on how many rows are computed together: a row comes out the same, bit for
 * bit, alone and among others.
 *
 * Two rows and four columns are computed at once: eight sums in registers for six values read.
 */

/**
 * y[first + k] = W x[rows[first + k]] + bias for k = 0 … count - 1.
 *
 * @param x matrix of rows with `size` columns
 * @param rows which row of x each row of y is made from
 * @param weights W by output: [outputs, size]
 * @param y matrix of rows with `outputs` columns
 * @param yFirst row of y that the first result goes to
 */
export function affineRows(
  x: Float32Array,
  rows: Int32Array,
  first: number,
  count: number,
  size: number,
  weights: Float32Array,
  outputs: number,
  bias: Float32Array,
  y: Float32Array,
  yFirst: number,
): void {
  const whole = outputs - (outputs % 4);
  let k = 0;
  for (; k + 1 < count; k += 2) {
    const xa = (rows[first + k] as number) * size;
    const xb = (rows[first + k + 1] as number) * size;
    const ya = (yFirst + k) * outputs;
    const yb = ya + outputs;
    for (let j = 0; j < whole; j += 4) {
      let a0 = 0;
      let a1 = 0;
      let a2 = 0;
      let a3 = 0;
      let b0 = 0;
      let b1 = 0;
      let b2 = 0;
      let b3 = 0;
      const w0 = j * size;
      const w1 = w0 + size;
      const w2 = w1 + size;
      const w3 = w2 + size;
      for (let i = 0; i < size; i++) {
        const a = x[xa + i] as number;
        const b = x[xb + i] as number;
        const p = weights[w0 + i] as number;
        const q = weights[w1 + i] as number;
        const r = weights[w2 + i] as number;
        const s = weights[w3 + i] as number;
        a0 += a * p;
        a1 += a * q;
        a2 += a * r;
        a3 += a * s;
        b0 += b * p;
        b1 += b * q;
        b2 += b * r;
        b3 += b * s;
      }
      y[ya + j] = a0 + (bias[j] as number);
      y[ya + j + 1] = a1 + (bias[j + 1] as number);
      y[ya + j + 2] = a2 + (bias[j + 2] as number);
      y[ya + j + 3] = a3 + (bias[j + 3] as number);
      y[yb + j] = b0 + (bias[j] as number);
      y[yb + j + 1] = b1 + (bias[j + 1] as number);
      y[yb + j + 2] = b2 + (bias[j + 2] as number);
      y[yb + j + 3] = b3 + (bias[j + 3] as number);
    }
    for (let j = whole; j < outputs; j++) {
      y[ya + j] = dot(x, xa, weights, j * size, size) + (bias[j] as number);
      y[yb + j] = dot(x, xb, weights, j * size, size) + (bias[j] as number);
    }
  }
  if (k === count) return;
  const xa = (rows[first + k] as number) * size;
  const ya = (yFirst + k) * outputs;
  for (let j = 0; j < whole; j += 4) {
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    const w0 = j * size;
    const w1 = w0 + size;
    const w2 = w1 + size;
    const w3 = w2 + size;
    for (let i = 0; i < size; i++) {
      const a = x[xa + i] as number;
      a0 += a * (weights[w0 + i] as number);
      a1 += a * (weights[w1 + i] as number);
      a2 += a * (weights[w2 + i] as number);
      a3 += a * (weights[w3 + i] as number);
    }
    y[ya + j] = a0 + (bias[j] as number);
    y[ya + j + 1] = a1 + (bias[j + 1] as number);
    y[ya + j + 2] = a2 + (bias[j + 2] as number);
    y[ya + j + 3] = a3 + (bias[j + 3] as number);
  }
  for (let j = whole; j < outputs; j++) y[ya + j] = dot(x, xa, weights, j * size, size) + (bias[j] as number);
}

/**
 * y[rows[first + k]] += W x[xFirst + k] for k = 0 … count - 1: the gradient of {@link affineRows} with respect to its input. `rows` must be distinct.
 *
 * @param weights W by output of this product: [outputs, size]
 */
export function accumulateRows(
  x: Float32Array,
  xFirst: number,
  count: number,
  size: number,
  weights: Float32Array,
  outputs: number,
  y: Float32Array,
  rows: Int32Array,
  first: number,
): void {
  const whole = outputs - (outputs % 4);
  let k = 0;
  for (; k + 1 < count; k += 2) {
    const xa = (xFirst + k) * size;
    const xb = xa + size;
    const ya = (rows[first + k] as number) * outputs;
    const yb = (rows[first + k + 1] as number) * outputs;
    for (let j = 0; j < whole; j += 4) {
      let a0 = 0;
      let a1 = 0;
      let a2 = 0;
      let a3 = 0;
      let b0 = 0;
      let b1 = 0;
      let b2 = 0;
      let b3 = 0;
      const w0 = j * size;
      const w1 = w0 + size;
      const w2 = w1 + size;
      const w3 = w2 + size;
      for (let i = 0; i < size; i++) {
        const a = x[xa + i] as number;
        const b = x[xb + i] as number;
        const p = weights[w0 + i] as number;
        const q = weights[w1 + i] as number;
        const r = weights[w2 + i] as number;
        const s = weights[w3 + i] as number;
        a0 += a * p;
        a1 += a * q;
        a2 += a * r;
        a3 += a * s;
        b0 += b * p;
        b1 += b * q;
        b2 += b * r;
        b3 += b * s;
      }
      y[ya + j] = (y[ya + j] as number) + a0;
      y[ya + j + 1] = (y[ya + j + 1] as number) + a1;
      y[ya + j + 2] = (y[ya + j + 2] as number) + a2;
      y[ya + j + 3] = (y[ya + j + 3] as number) + a3;
      y[yb + j] = (y[yb + j] as number) + b0;
      y[yb + j + 1] = (y[yb + j + 1] as number) + b1;
      y[yb + j + 2] = (y[yb + j + 2] as number) + b2;
      y[yb + j + 3] = (y[yb + j + 3] as number) + b3;
    }
    for (let j = whole; j < outputs; j++) {
      y[ya + j] = (y[ya + j] as number) + dot(x, xa, weights, j * size, size);
      y[yb + j] = (y[yb + j] as number) + dot(x, xb, weights, j * size, size);
    }
  }
  if (k === count) return;
  const xa = (xFirst + k) * size;
  const ya = (rows[first + k] as number) * outputs;
  for (let j = 0; j < whole; j += 4) {
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    const w0 = j * size;
    const w1 = w0 + size;
    const w2 = w1 + size;
    const w3 = w2 + size;
    for (let i = 0; i < size; i++) {
      const a = x[xa + i] as number;
      a0 += a * (weights[w0 + i] as number);
      a1 += a * (weights[w1 + i] as number);
      a2 += a * (weights[w2 + i] as number);
      a3 += a * (weights[w3 + i] as number);
    }
    y[ya + j] = (y[ya + j] as number) + a0;
    y[ya + j + 1] = (y[ya + j + 1] as number) + a1;
    y[ya + j + 2] = (y[ya + j + 2] as number) + a2;
    y[ya + j + 3] = (y[ya + j + 3] as number) + a3;
  }
  for (let j = whole; j < outputs; j++) y[ya + j] = (y[ya + j] as number) + dot(x, xa, weights, j * size, size);
}

/** Rows whose columns stay in the cache while all pairs of columns are combined. */
const ROWS_AT_ONCE = 64;

/**
 * dW[i, j] += Σ x[rows[k], i] · dy[k, j] over k = first … end - 1: the gradient of {@link affineRows} with respect to its weights, all rows at once.
 *
 * @param x matrix of rows with `size` columns
 * @param dy matrix of rows with `outputs` columns
 * @param dW [size, outputs], added to
 */
export function accumulateOuter(
  x: Float32Array,
  rows: Int32Array,
  size: number,
  dy: Float32Array,
  outputs: number,
  first: number,
  end: number,
  dW: Float32Array,
): void {
  for (let chunk = first; chunk < end; chunk += ROWS_AT_ONCE) {
    const chunkEnd = Math.min(end, chunk + ROWS_AT_ONCE);
    for (let i = 0; i < size; i += 2) {
      // An odd last column is taken twice, and its second result dropped.
      const second = i + 1 < size ? 1 : 0;
      let j = 0;
      for (; j + 3 < outputs; j += 4) {
        let a0 = 0;
        let a1 = 0;
        let a2 = 0;
        let a3 = 0;
        let b0 = 0;
        let b1 = 0;
        let b2 = 0;
        let b3 = 0;
        for (let k = chunk; k < chunkEnd; k++) {
          const xi = (rows[k] as number) * size + i;
          const yi = k * outputs + j;
          const a = x[xi] as number;
          const b = x[xi + second] as number;
          const p = dy[yi] as number;
          const q = dy[yi + 1] as number;
          const r = dy[yi + 2] as number;
          const s = dy[yi + 3] as number;
          a0 += a * p;
          a1 += a * q;
          a2 += a * r;
          a3 += a * s;
          b0 += b * p;
          b1 += b * q;
          b2 += b * r;
          b3 += b * s;
        }
        const at = i * outputs + j;
        dW[at] = (dW[at] as number) + a0;
        dW[at + 1] = (dW[at + 1] as number) + a1;
        dW[at + 2] = (dW[at + 2] as number) + a2;
        dW[at + 3] = (dW[at + 3] as number) + a3;
        if (second === 0) continue;
        dW[at + outputs] = (dW[at + outputs] as number) + b0;
        dW[at + outputs + 1] = (dW[at + outputs + 1] as number) + b1;
        dW[at + outputs + 2] = (dW[at + outputs + 2] as number) + b2;
        dW[at + outputs + 3] = (dW[at + outputs + 3] as number) + b3;
      }
      for (; j < outputs; j++) {
        let a = 0;
        let b = 0;
        for (let k = chunk; k < chunkEnd; k++) {
          const xi = (rows[k] as number) * size + i;
          const gradient = dy[k * outputs + j] as number;
          a += (x[xi] as number) * gradient;
          b += (x[xi + second] as number) * gradient;
        }
        const at = i * outputs + j;
        dW[at] = (dW[at] as number) + a;
        if (second === 1) dW[at + outputs] = (dW[at + outputs] as number) + b;
      }
    }
  }
}

/** sums[j] += Σ factor[k] · x[k, j] over k = first … end - 1; without factors, every factor is one. */
export function accumulateColumns(x: Float32Array, columns: number, first: number, end: number, sums: Float32Array, factors?: Float32Array): void {
  const totals = new Float64Array(columns);
  for (let k = first; k < end; k++) {
    const factor = factors === undefined ? 1 : (factors[k] as number);
    for (let j = 0; j < columns; j++) totals[j] = (totals[j] as number) + factor * (x[k * columns + j] as number);
  }
  for (let j = 0; j < columns; j++) sums[j] = (sums[j] as number) + (totals[j] as number);
}

/** [rows, columns] -> [columns, rows]. */
export function transposed(x: Float32Array, rows: number, columns: number): Float32Array {
  const y = new Float32Array(x.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) y[j * rows + i] = x[i * columns + j] as number;
  }
  return y;
}

function dot(x: Float32Array, xFirst: number, y: Float32Array, yFirst: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += (x[xFirst + i] as number) * (y[yFirst + i] as number);
  return sum;
}
