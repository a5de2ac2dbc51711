import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, tf, type Variable } from "./tf.ts";

export interface LossAndGradients {
  readonly value: Scalar;
  readonly grads: Record<string, Tensor>;
  /** Number of correct predictions, on the device. */
  readonly correct: Scalar;
}

/**
 * Computes a loss, its gradient with respect to `variables`, and the number of correct predictions. The caller disposes all
 * three. Variables that the loss does not depend on are missing from `grads`.
 */
export function lossAndGradients(variables: readonly Variable[], f: () => { loss: Scalar; correct: Scalar }): LossAndGradients {
  let correct: Scalar | null = null;
  const { value, grads } = tf.variableGrads(() => {
    const result = f();
    correct = tf.keep(result.correct);
    return result.loss;
  }, [...variables]);
  if (correct === null) throw new Error("The loss function was not called.");
  return { value, grads: grads as Record<string, Tensor>, correct };
}

/** Number of rows of `logits` [n, classes] whose maximum is at the label (`labels` [n], int32), as a float32 scalar. */
export function countCorrect(logits: Tensor2D, labels: Tensor1D): Scalar {
  return tf.tidy(() => tf.equal(tf.argMax(logits, 1), labels).toFloat().sum().asScalar());
}
