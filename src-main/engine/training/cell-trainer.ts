import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { CellTrainingRun } from "../../../src-shared/domain/config/run-config.ts";
import type { TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import type { Scalar, Tensor1D, Tensor4D } from "../backend/ops/tf.ts";
import { type Measured, measure, smoothedCrossEntropy } from "../evaluation/accuracy.ts";
import type { EvaluationImages } from "../evaluation/training-data.ts";
import type { TrainingBench } from "../evaluation/workbench.ts";
import type { WeightsManifest } from "../formats/weights-file.ts";
import { BATCH_NORM_EPSILON, forward } from "../network/forward.ts";
import { Rng, type RngState } from "../random.ts";
import { buildPlan } from "../spaces/cell/plan.ts";
import type { NamedArrays } from "./checkpoint.ts";
import { type BatchLoss, NetworkTrainer, type TrainerState } from "./network-trainer.ts";
import { dropPathProbability } from "./schedules.ts";

interface CellTrainerState extends TrainerState {
  readonly dropPath: RngState;
}

/** Trains one network of cells from scratch (paper, section 5.3): cross-entropy with label smoothing, drop-path, and the loss of an auxiliary head. */
export class CellTrainer extends NetworkTrainer {
  private readonly config: CellTrainingRun;
  private readonly architecture: Architecture;
  private readonly auxiliary: boolean;
  private dropPathRng: Rng;

  /** @param totalSteps length of the schedule in optimizer steps; by default that of the config's epochs */
  constructor(bench: TrainingBench, config: CellTrainingRun, architecture: Architecture, seed: number, totalSteps?: number) {
    const auxiliary = config.training.auxiliaryWeight > 0;
    super(bench, config.training, buildPlan(architecture, config.network, bench.input), {
      seed,
      auxiliary,
      ...(totalSteps === undefined ? {} : { totalSteps }),
    });
    this.config = config;
    this.architecture = architecture;
    this.auxiliary = auxiliary;
    this.dropPathRng = Rng.fromSeed(seed, "drop-path");
  }

  /**
   * Accuracy and loss on the validation images.
   * @param statistics of batch norm: those gathered in training, or those of the evaluated batch. The former still hold a third of their initial values after ten steps.
   */
  validate(statistics: "running" | "batch" = "running"): Promise<Measured> {
    return this.evaluateOn(this.validationImages, statistics);
  }

  /** Accuracy on the test images; to be called once, when nothing is decided any more. */
  test(): Promise<Measured> {
    return this.onTestImages((images) => this.evaluateOn(images));
  }

  manifest(training: TrainingMessage): WeightsManifest {
    const { dataset, input } = this.bench;
    return {
      version: 1,
      name: training.name,
      architecture: this.architecture,
      network: this.config.network,
      input,
      normalisation: { mean: dataset.mean, std: dataset.std },
      classNames: dataset.classNames,
      dataset: { id: dataset.id, fingerprint: dataset.fingerprint },
      batchNormEpsilon: BATCH_NORM_EPSILON,
      parameters: this.parameters,
      multiplyAdds: this.multiplyAdds,
      validationAccuracy: training.validationAccuracy,
      testAccuracy: training.testAccuracy,
      seed: training.seed,
    };
  }

  override state(): CellTrainerState {
    return { ...super.state(), dropPath: this.dropPathRng.state() };
  }

  override restore(saved: unknown, tensors: NamedArrays): void {
    super.restore(saved, tensors);
    this.dropPathRng = Rng.fromState((saved as CellTrainerState).dropPath);
  }

  protected lossOf(images: Tensor4D, labels: Tensor1D): BatchLoss {
    const { training } = this.config;
    const { ops } = this.bench.backend;
    const probability = dropPathProbability(training.dropPath, this.progress);
    const { logits, auxiliaryLogits } = forward(this.plan, ops, this.variables, images, {
      statistics: "batch",
      running: this.statistics,
      ...(probability > 0 ? { dropPath: { probability, rng: this.dropPathRng } } : {}),
      auxiliary: this.auxiliary,
    });
    const loss = (of: typeof logits): Scalar => smoothedCrossEntropy(ops, of, labels, training.labelSmoothing).mean().asScalar();
    const shown = loss(logits);
    const total = auxiliaryLogits === undefined ? shown : shown.add(loss(auxiliaryLogits).mul(training.auxiliaryWeight)).asScalar();
    return { total, shown, correct: countCorrect(logits, labels) };
  }

  private evaluateOn(set: EvaluationImages, statistics: "running" | "batch" = "running"): Promise<Measured> {
    const { ops } = this.bench.backend;
    const mode = statistics === "batch" ? ({ statistics } as const) : ({ statistics, running: this.statistics } as const);
    return measure(ops, set, (images) => forward(this.plan, ops, this.variables, images, mode).logits);
  }
}
