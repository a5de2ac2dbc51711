/** Rows whose columns stay in the cache while all pairs of columns are combined. */
const ROWS_AT_ONCE = 64;

/**
 * dW += Σ x[rows[k]]ᵀ dy[k] over k = first … end − 1: the gradient of y = x W + b with respect to W, all rows at once.
 *
 * @param x matrix with `inputs` columns
 * @param rows row of x that row k of dy was computed from
 * @param dy matrix with `outputs` columns
 * @param dW [inputs, outputs], added to
 */
export function addWeightGradient(
  x: Float32Array,
  rows: Int32Array,
  inputs: number,
  dy: Float32Array,
  outputs: number,
  first: number,
  end: number,
  dW: Float32Array,
): void {
  for (let chunk = first; chunk < end; chunk += ROWS_AT_ONCE) {
    const chunkEnd = Math.min(end, chunk + ROWS_AT_ONCE);
    for (let i = 0; i < inputs; i += 2) {
      // The last of an odd number of columns is computed twice, and its second result is dropped.
      const second = i + 1 < inputs ? 1 : 0;
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
          const xi = (rows[k] as number) * inputs + i;
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
          const xi = (rows[k] as number) * inputs + i;
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

/**
 * db += Σ n[k] dy[k] over k = first … end − 1: the gradient of y = x W + n b with respect to b.
 *
 * @param dy matrix with `outputs` columns
 * @param db [outputs], added to
 * @param n how often each row contains b; 1 by default
 */
export function addBiasGradient(dy: Float32Array, outputs: number, first: number, end: number, db: Float32Array, n?: Float32Array): void {
  const sums = new Float64Array(outputs);
  for (let k = first; k < end; k++) {
    const factor = n === undefined ? 1 : (n[k] as number);
    for (let j = 0; j < outputs; j++) sums[j] = (sums[j] as number) + factor * (dy[k * outputs + j] as number);
  }
  for (let j = 0; j < outputs; j++) db[j] = (db[j] as number) + (sums[j] as number);
}
