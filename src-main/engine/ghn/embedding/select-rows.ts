import { type Tensor, type Tensor2D, tf } from "../../backend/ops/tf.ts";

/**
 * Picks rows of a matrix, in any order and repeatedly; differentiable once. It is a gather whose gradient adds up in a fixed order on every backend: wasm has no kernel
 * for that gradient, and TensorFlow's may differ in the last bits from run to run.
 *
 * @param x [rows, width]
 * @param select row numbers; −1 gives a row of zeros
 * @returns [select.length, width]
 */
export function selectRows(x: Tensor2D, select: Int32Array): Tensor2D {
  const [rows, width] = x.shape;
  const operation = tf.customGrad((...inputs) => {
    const values = (inputs[0] as unknown as Tensor2D).dataSync() as Float32Array;
    const selected = new Float32Array(select.length * width);
    select.forEach((row, i) => {
      if (row >= 0) selected.set(values.subarray(row * width, (row + 1) * width), i * width);
    });
    return {
      value: tf.tensor2d(selected, [select.length, width]),
      gradFunc: (dy: Tensor) => {
        // y_k = x_select(k)  →  dx_i = Σ dy_k over all k with select(k) = i
        const incoming = dy.dataSync() as Float32Array;
        const sums = new Float32Array(rows * width);
        select.forEach((row, i) => {
          if (row < 0) return;
          for (let k = 0; k < width; k++) sums[row * width + k] = (sums[row * width + k] ?? 0) + (incoming[i * width + k] ?? 0);
        });
        return tf.tensor2d(sums, [rows, width]);
      },
    };
  });
  return operation(x) as Tensor2D;
}
