import { type Tensor, type Tensor2D, tf } from "../../backend/ops/tf.ts";

/**
 * Rows of a matrix in any order and as often as one likes, differentiable once. A gather whose gradient adds up in a fixed order on every backend: wasm has no kernel for it,
 * and those of TensorFlow may differ in the last bits from run to run.
 *
 * @param x [rows, width]
 * @param select numbers of rows; −1 gives a row of zeros
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
