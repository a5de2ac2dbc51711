import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf, type Variable } from "./tf.ts";

export interface LossAndGradients {
  readonly value: Scalar;
  readonly grads: Record<string, Tensor>;
  /** Number of right answers, on the device. */
  readonly correct: Scalar;
}

/**
 * Loss and its gradient with respect to `variables`, with the number of right answers beside it. The caller disposes all
 * three. Variables that the loss does not depend on are left out of `grads`.
 */
export function lossAndGradients(variables: readonly Variable[], f: () => { loss: Scalar; correct: Scalar }): LossAndGradients {
  let correct: Scalar | null = null;
  const { value, grads } = tf.variableGrads(() => {
    const result = f();
    correct = tf.keep(result.correct);
    return result.loss;
  }, [...variables]);
  if (correct === null) throw new Error("The loss was never computed.");
  return { value, grads: grads as Record<string, Tensor>, correct };
}

/** How many rows of logits [n, classes] have their maximum at the label [n]; int32 labels, a float scalar comes back. */
export function countCorrect(logits: Tensor2D, labels: Tensor1D): Scalar {
  return tf.tidy(() => tf.equal(tf.argMax(logits, 1), labels).toFloat().sum().asScalar());
}
