import { type Scalar, type Tensor, type Tensor1D, tf } from "../ops/tf.ts";
import type { ClippedGradients } from "../ops/types.ts";

/** All gradients end to end in one vector, in the order given. */
export function flatten(tensors: readonly Tensor[]): Tensor1D {
  return tf.tidy(() => {
    const vectors = tensors.map((tensor) => (tensor.rank === 1 ? (tensor as Tensor1D) : tf.reshape<typeof tf.Rank.R1>(tensor, [tensor.size])));
    const [first] = vectors;
    if (first === undefined) return tf.tensor1d([]);
    return vectors.length === 1 ? first.clone() : tf.concat1d(vectors);
  });
}

/** L2 norm over all elements of all gradients; a scalar on the device, nothing is read. */
export function globalNorm(gradients: Readonly<Record<string, Tensor>>): Scalar {
  return tf.tidy(() => {
    const flat = flatten(Object.values(gradients));
    return tf.sqrt(tf.sum(tf.square(flat))) as Scalar;
  });
}

/**
 * Gradients scaled down, all by one factor, so that their global norm is at most `clipNorm` (> 0). Works on the device without reading. A norm that is not finite
 * makes every gradient NaN: read `norm` before applying. The arguments are not disposed.
 */
export function clipByGlobalNorm(gradients: Readonly<Record<string, Tensor>>, clipNorm: number): ClippedGradients {
  if (!(clipNorm > 0)) throw new Error(`clipByGlobalNorm: clipNorm must be positive but is ${clipNorm}.`);
  return tf.tidy(() => {
    const norm = globalNorm(gradients);
    const scale = tf.div(clipNorm, tf.maximum(norm, clipNorm));
    const clipped: Record<string, Tensor> = {};
    for (const [name, gradient] of Object.entries(gradients)) clipped[name] = tf.mul(gradient, scale);
    return { gradients: clipped, norm };
  });
}
