import type { Ops } from "../backend/index.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import { type Scalar, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { ForwardResult } from "../network/forward.ts";
import type { OutputMeasure } from "../spaces/shared/output-measure.ts";
import { countAmong } from "./accuracy.ts";

/** Logits of every output of a network, in the order in which outputs are computed. */
export function outputsOf({ logits, exitLogits }: ForwardResult): readonly Tensor2D[] {
  return exitLogits ?? [logits];
}

/** Accumulates correct predictions and losses of every output of a network, batch by batch. Without gradients; keeps no tensors. */
export class OutputCounter {
  private readonly ops: Ops;
  private readonly compute: (images: Tensor4D) => ForwardResult;
  private readonly withTopFive: boolean;
  private readonly correct: number[] = [];
  private readonly loss: number[] = [];
  private topFive = 0;
  private images = 0;
  private classes = 0;

  /**
   * @param compute computes the network; called inside a tidy
   * @param withTopFive whether to measure the top-five accuracy of the last output too
   */
  constructor(ops: Ops, compute: (images: Tensor4D) => ForwardResult, withTopFive = false) {
    this.ops = ops;
    this.compute = compute;
    this.withTopFive = withTopFive;
  }

  /** @param images [n, height, width, channels] @param labels [n], int32 */
  add(images: Tensor4D, labels: Tensor1D): void {
    // One read for all values: each read waits for the device.
    const figures = tf.tidy(() => {
      const outputs = outputsOf(this.compute(images));
      const counts = outputs.flatMap((logits): Scalar[] => [countCorrect(logits, labels), this.ops.softmaxCrossEntropy(logits, labels).sum().asScalar()]);
      const last = outputs.at(-1);
      this.classes = last?.shape[1] ?? 0;
      return tf.stack(this.withTopFive && last !== undefined ? [...counts, countAmong(last, labels, 5)] : counts).dataSync();
    });
    for (let output = 0; 2 * output + 1 < figures.length; output++) {
      this.correct[output] = (this.correct[output] ?? 0) + (figures[2 * output] ?? 0);
      this.loss[output] = (this.loss[output] ?? 0) + (figures[2 * output + 1] ?? Number.NaN);
    }
    if (this.withTopFive) this.topFive += figures.at(-1) ?? 0;
    this.images += labels.shape[0];
  }

  result(): OutputMeasure {
    return {
      accuracies: this.correct.map((count) => count / this.images),
      losses: this.loss.map((sum) => sum / this.images),
      topFive: this.withTopFive && this.classes > 5 ? this.topFive / this.images : null,
    };
  }
}
