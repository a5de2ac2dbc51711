import type { Ops } from "../backend/index.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import { type Scalar, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { EvaluationImages } from "./training-data.ts";

/** Figures over evaluation images. Accuracies in [0, 1]. */
export interface Measured {
  readonly accuracy: number;
  /** Share of images whose class is among the five that the network ranks highest; null where there are five classes or fewer. */
  readonly topFive: number | null;
  /** Mean cross-entropy, never smoothed. */
  readonly loss: number;
}

/** Accuracy, top-five accuracy and loss of logits over evaluation images. Without gradient; leaves no tensor. */
export async function measure(ops: Ops, set: EvaluationImages, logitsOf: (images: Tensor4D) => Tensor2D): Promise<Measured> {
  let correct = 0;
  let topFive = 0;
  let loss = 0;
  let classes = 0;
  await set.each((images, labels) => {
    const figures = tf.tidy(() => {
      const logits = logitsOf(images);
      classes = logits.shape[1];
      return tf.stack([countCorrect(logits, labels), countAmong(logits, labels, 5), ops.softmaxCrossEntropy(logits, labels).sum().asScalar()]).dataSync();
    });
    correct += figures[0] ?? 0;
    topFive += figures[1] ?? 0;
    loss += figures[2] ?? Number.NaN;
  });
  return { accuracy: correct / set.count, topFive: classes > 5 ? topFive / set.count : null, loss: loss / set.count };
}

/**
 * In how many rows of logits [n, classes] the label [n] (int32) is among the k highest: fewer than k others are above it. Ties count for the label.
 * A row that is not finite never counts.
 */
export function countAmong(logits: Tensor2D, labels: Tensor1D, k: number): Scalar {
  return tf.tidy(() => {
    const own = labelLogits(logits, labels);
    const above = tf.greater(logits, own.expandDims(1)).toFloat().sum(1);
    return tf.logicalAnd(tf.less(above, k), tf.isFinite(own)).toFloat().sum().asScalar();
  });
}

/**
 * Cross-entropy against targets that give `smoothing` to all classes alike and the rest to the label (Szegedy et al., 2016), one value a row:
 * (1 - s) (lse z - z_y) + s (lse z - mean z). Differentiable in the logits.
 * @param logits [n, classes]
 * @param labels [n], int32
 * @param smoothing s, 0 to 1; 0 gives the plain loss
 */
export function smoothedCrossEntropy(ops: Ops, logits: Tensor2D, labels: Tensor1D, smoothing: number): Tensor1D {
  const plain = ops.softmaxCrossEntropy(logits, labels);
  // A config that was frozen before there was smoothing has none.
  if (!(smoothing > 0)) return plain;
  return tf.add(plain, tf.mul(tf.sub(labelLogits(logits, labels), tf.mean(logits, 1)), smoothing)) as Tensor1D;
}

/** The logit of each row's label, [n]. */
function labelLogits(logits: Tensor2D, labels: Tensor1D): Tensor1D {
  return tf.sum(tf.mul(logits, tf.oneHot(labels, logits.shape[1]).toFloat()), 1) as Tensor1D;
}
