import { areaUnderCurve } from "../../../src-shared/analysis/curves/anytime-curve.ts";
import type { AreaRange, MeasuredExit } from "../../../src-shared/domain/records/anytime-records.ts";
import type { Ops } from "../backend/index.ts";
import { tf } from "../backend/ops/tf.ts";
import type { EvaluationSet } from "../evaluation/scoring.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { forward } from "../network/forward.ts";
import { TensorWeights } from "../network/weights.ts";
import type { AnytimePlan } from "../spaces/anytime/exit-plan.ts";
import { ExitCounter, measuredExits } from "../training/anytime-measure.ts";

/** Score of one network. Times in milliseconds. */
export interface AnytimeScore {
  /** Area under the predicted curve (docs/ghn.md, eq. 35). */
  readonly area: number;
  readonly exits: readonly MeasuredExit[];
  /** Mean cross-entropy over the exits. */
  readonly loss: number;
  readonly generationMs: number;
  readonly evaluationMs: number;
}

/** Scores networks of the anytime space with weights that a GHN generates: the area under the curve of all their exits. */
export class AnytimeScorer {
  private readonly ops: Ops;
  private readonly ghn: WeightGenerator;
  private readonly images: EvaluationSet;
  private readonly range: AreaRange;

  constructor(ops: Ops, ghn: WeightGenerator, images: EvaluationSet, range: AreaRange) {
    this.ops = ops;
    this.ghn = ghn;
    this.images = images;
    this.range = range;
  }

  /** Scores networks; their weights are generated in one go and freed afterwards. Batch norm uses the batch's statistics. */
  score(plans: readonly AnytimePlan[]): AnytimeScore[] {
    const scores: AnytimeScore[] = [];
    tf.tidy(() => {
      const start = performance.now();
      const generated = this.ghn.generate(plans);
      const generationMs = (performance.now() - start) / plans.length;
      plans.forEach((plan, i) => {
        const weights = generated[i];
        if (weights === undefined) throw new Error("The GHN generated fewer networks than there are plans.");
        const from = performance.now();
        const source = new TensorWeights(weights);
        const counter = new ExitCounter(this.ops, (images) => forward(plan, this.ops, source, images, { statistics: "batch" }).exitLogits ?? []);
        for (const { images, labels } of this.images.batches) counter.add(images, labels);
        const measure = counter.result();
        const exits = measuredExits(plan, measure, null);
        const area = areaUnderCurve(exits, { maxMultiplyAdds: this.range.maxBudget, chance: this.range.chance });
        const loss = measure.losses.reduce((sum, value) => sum + value, 0) / Math.max(1, measure.losses.length);
        scores.push({ area, exits, loss, generationMs, evaluationMs: performance.now() - from });
      });
    });
    return scores;
  }
}
