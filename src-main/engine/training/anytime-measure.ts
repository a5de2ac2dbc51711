import { areaUnderCurve } from "../../../src-shared/analysis/curves/anytime-curve.ts";
import type { AreaRange, MeasuredExit } from "../../../src-shared/domain/records/anytime-records.ts";
import type { Ops } from "../backend/index.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import { type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { AnytimePlan } from "../spaces/anytime/exit-plan.ts";

/** Accuracy in [0, 1] and mean cross-entropy of every exit over some images. */
export interface ExitMeasure {
  readonly accuracies: readonly number[];
  readonly losses: readonly number[];
}

/** Adds up right answers and losses of every exit, batch by batch. Without gradient; leaves no tensor. */
export class ExitCounter {
  private readonly ops: Ops;
  private readonly logitsOf: (images: Tensor4D) => readonly Tensor2D[];
  private readonly correct: number[] = [];
  private readonly loss: number[] = [];
  private images = 0;

  /** @param logitsOf logits of every exit; called in a tidy */
  constructor(ops: Ops, logitsOf: (images: Tensor4D) => readonly Tensor2D[]) {
    this.ops = ops;
    this.logitsOf = logitsOf;
  }

  add(images: Tensor4D, labels: Tensor1D): void {
    // One read for all exits: each read waits for the device.
    const figures = tf.tidy(() => {
      const exits = this.logitsOf(images);
      return tf.stack(exits.flatMap((logits) => [countCorrect(logits, labels), this.ops.softmaxCrossEntropy(logits, labels).sum().asScalar()])).dataSync();
    });
    for (let exit = 0; 2 * exit < figures.length; exit++) {
      this.correct[exit] = (this.correct[exit] ?? 0) + (figures[2 * exit] ?? 0);
      this.loss[exit] = (this.loss[exit] ?? 0) + (figures[2 * exit + 1] ?? Number.NaN);
    }
    this.images += labels.shape[0];
  }

  result(): ExitMeasure {
    return { accuracies: this.correct.map((count) => count / this.images), losses: this.loss.map((sum) => sum / this.images) };
  }
}

/** The exits of a plan with what was measured. */
export function measuredExits(plan: AnytimePlan, validation: ExitMeasure, test: ExitMeasure | null): MeasuredExit[] {
  return plan.exits.map(({ node, multiplyAdds }, i) => ({
    node,
    multiplyAdds,
    accuracy: validation.accuracies[i] ?? 0,
    testAccuracy: test?.accuracies[i] ?? null,
  }));
}

/** Areas on validation and test images; the latter null where no exit has a test accuracy. */
export function areasOf(exits: readonly MeasuredExit[], { maxBudget, chance }: AreaRange): { readonly area: number; readonly testArea: number | null } {
  const range = { maxMultiplyAdds: maxBudget, chance };
  const tested = exits.flatMap(({ multiplyAdds, testAccuracy }) => (testAccuracy === null ? [] : [{ multiplyAdds, accuracy: testAccuracy }]));
  return { area: areaUnderCurve(exits, range), testArea: tested.length === exits.length ? areaUnderCurve(tested, range) : null };
}
