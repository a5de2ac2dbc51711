import type { AnytimeModel } from "../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeNetwork, AnytimeTrainingSettings } from "../../../src-shared/domain/config/anytime-config.ts";
import type { MeasuredExit } from "../../../src-shared/domain/records/anytime-records.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import type { Tensor1D, Tensor4D } from "../backend/ops/tf.ts";
import type { EvaluationImages } from "../evaluation/training-data.ts";
import type { TrainingBench } from "../evaluation/workbench.ts";
import { forward } from "../network/forward.ts";
import type { AnytimePlan } from "../spaces/anytime/exit-plan.ts";
import { planOfModel } from "../spaces/anytime/model.ts";
import { ExitCounter, type ExitMeasure, measuredExits } from "./anytime-measure.ts";
import { type BatchLoss, NetworkTrainer } from "./network-trainer.ts";

/** Trains one network with several exits, searched or reference, as MSDNet is trained: the sum of the exits' cross-entropies, SGD with Nesterov momentum (paper, appendix 5.3). */
export class AnytimeTrainer extends NetworkTrainer {
  private readonly anytimePlan: AnytimePlan;

  constructor(bench: TrainingBench, settings: AnytimeTrainingSettings, model: AnytimeModel, network: AnytimeNetwork, seed: number) {
    const plan = planOfModel(model, network, bench.input);
    super(bench, { ...settings, schedule: "step" }, plan, { seed, nesterov: true });
    this.anytimePlan = plan;
  }

  /** Accuracies and losses on the validation images, with running statistics. */
  validate(): Promise<ExitMeasure> {
    return this.measure(this.validationImages);
  }

  /** The same on the test images; to be called once, when nothing is decided any more. */
  test(): Promise<ExitMeasure> {
    return this.onTestImages((images) => this.measure(images));
  }

  exits(validation: ExitMeasure, test: ExitMeasure | null): MeasuredExit[] {
    return measuredExits(this.anytimePlan, validation, test);
  }

  protected lossOf(images: Tensor4D, labels: Tensor1D): BatchLoss {
    const { ops } = this.bench.backend;
    const { logits, exitLogits = [] } = forward(this.plan, ops, this.variables, images, { statistics: "batch", running: this.statistics });
    const total = ops.addN(exitLogits.map((exit) => ops.softmaxCrossEntropy(exit, labels).mean().asScalar()));
    return { total, shown: total, correct: countCorrect(logits, labels) };
  }

  private async measure(set: EvaluationImages): Promise<ExitMeasure> {
    const { ops } = this.bench.backend;
    const counter = new ExitCounter(
      ops,
      (images) => forward(this.plan, ops, this.variables, images, { statistics: "running", running: this.statistics }).exitLogits ?? [],
    );
    await set.each((images, labels) => counter.add(images, labels));
    return counter.result();
  }
}
