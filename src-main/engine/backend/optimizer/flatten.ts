import { type Tensor, type Tensor1D, tf } from "../ops/tf.ts";

/** Concatenates tensors of any shape into one vector, in the given order. The caller disposes it. */
export function flatten(tensors: readonly Tensor[]): Tensor1D {
  return tf.tidy(() => {
    const vectors = tensors.map((tensor) => (tensor.rank === 1 ? (tensor as Tensor1D) : tf.reshape<typeof tf.Rank.R1>(tensor, [tensor.size])));
    const [first] = vectors;
    if (first === undefined) return tf.tensor1d([]);
    return vectors.length === 1 ? first.clone() : tf.concat1d(vectors);
  });
}

/** Makes zeros of a shape, one tensor for each shape: of many variables, few may have a gradient or a momentum. They live as long as the surrounding `tf.tidy`. */
export function sharedZeros(): (shape: number[]) => Tensor {
  const made = new Map<string, Tensor>();
  return (shape) => {
    const key = shape.join();
    const zeros = made.get(key) ?? tf.zeros(shape);
    made.set(key, zeros);
    return zeros;
  };
}
