import type { Ops } from "../backend/index.ts";
import { type Scalar, type Tensor1D, type Tensor2D, tf } from "../backend/ops/tf.ts";

/**
 * Number of rows of logits [n, classes] whose label [n] (int32) is among the k highest, that is, fewer than k others are above it. Ties count as correct.
 * Rows with non-finite values are never counted.
 */
export function countAmong(logits: Tensor2D, labels: Tensor1D, k: number): Scalar {
  return tf.tidy(() => {
    const own = labelLogits(logits, labels);
    const above = tf.greater(logits, own.expandDims(1)).toFloat().sum(1);
    return tf.logicalAnd(tf.less(above, k), tf.isFinite(own)).toFloat().sum().asScalar();
  });
}

/**
 * Cross-entropy against targets that spread `smoothing` evenly over all classes and give the rest to the label (Szegedy et al., 2016), one value per row:
 * (1 - s) (lse z - z_y) + s (lse z - mean z). Differentiable with respect to the logits.
 * @param logits [n, classes]
 * @param labels [n], int32
 * @param smoothing s, 0 to 1; 0 gives the plain loss
 */
export function smoothedCrossEntropy(ops: Ops, logits: Tensor2D, labels: Tensor1D, smoothing: number): Tensor1D {
  const plain = ops.softmaxCrossEntropy(logits, labels);
  // Configs frozen before smoothing existed have none.
  if (!(smoothing > 0)) return plain;
  return tf.add(plain, tf.mul(tf.sub(labelLogits(logits, labels), tf.mean(logits, 1)), smoothing)) as Tensor1D;
}

/** The logit of each row's label, [n]. */
function labelLogits(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  return tf.sum(tf.mul(logits, tf.oneHot(labels, logits.shape[1]).toFloat()), 1) as Tensor1D;
}
