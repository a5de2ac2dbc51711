/**
 * Matrix products as plain loops over float32 arrays. Message passing makes many small products one after the other, where a call into a tensor library costs more
 * than the arithmetic. Sums run in double precision and in an order that does not depend on how many rows are computed together, so a row gets the same bits alone
 * and in a batch.
 */

/** Rows of a row-major matrix, picked in any order: row k of the selection is row `rows[first + k]` of `values`. */
export interface SelectedRows {
  readonly values: Float32Array;
  readonly columns: number;
  readonly rows: Int32Array;
  readonly first: number;
}

/**
 * y = x W + b for the first `count` selected rows. `x` and `y` must not overlap.
 *
 * @param weights W by output, [y.columns, x.columns]
 * @param bias b, [y.columns]
 * @param y distinct rows, overwritten
 */
export function affineRows(x: SelectedRows, count: number, weights: Float32Array, bias: Float32Array, y: SelectedRows): void {
  for (let k = 0; k < count; k++) y.values.set(bias, (y.rows[y.first + k] as number) * y.columns);
  addRowProducts(x, count, weights, y);
}

/**
 * y += x W for the first `count` selected rows. With dy in place of x and Wᵀ in place of W it is the gradient with respect to the input of {@link affineRows}:
 * dx += dy Wᵀ. `x` and `y` must not overlap.
 *
 * @param weights W by output, [y.columns, x.columns]; for the gradient, that is the layer's own W, [inputs, outputs]
 * @param y distinct rows, added to
 */
export function addRowProducts(x: SelectedRows, count: number, weights: Float32Array, y: SelectedRows): void {
  const { columns: size } = x;
  const { columns: outputs } = y;
  let k = 0;
  for (; k + 1 < count; k += 2) {
    const xa = (x.rows[x.first + k] as number) * size;
    const xb = (x.rows[x.first + k + 1] as number) * size;
    const ya = (y.rows[y.first + k] as number) * outputs;
    const yb = (y.rows[y.first + k + 1] as number) * outputs;
    addTwoRows(x.values, xa, xb, size, weights, y.values, ya, yb, outputs);
  }
  if (k === count) return;
  const xa = (x.rows[x.first + k] as number) * size;
  const ya = (y.rows[y.first + k] as number) * outputs;
  addOneRow(x.values, xa, size, weights, y.values, ya, outputs);
}

/** Two rows and four columns at once: eight sums in registers for six values read. `xa`, `xb`, `ya` and `yb` are the positions of the rows. */
function addTwoRows(
  x: Float32Array,
  xa: number,
  xb: number,
  size: number,
  weights: Float32Array,
  y: Float32Array,
  ya: number,
  yb: number,
  outputs: number,
): void {
  const whole = outputs - (outputs % 4);
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

/** One row, four columns at once. */
function addOneRow(x: Float32Array, xa: number, size: number, weights: Float32Array, y: Float32Array, ya: number, outputs: number): void {
  const whole = outputs - (outputs % 4);
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

function dot(x: Float32Array, xFirst: number, y: Float32Array, yFirst: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += (x[xFirst + i] as number) * (y[yFirst + i] as number);
  return sum;
}
