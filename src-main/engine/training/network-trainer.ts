import type { Optimizer } from "../backend/index.ts";
import { countCorrect, lossAndGradients } from "../backend/ops/gradients.ts";
import { type Scalar, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { ImageBatch } from "../datasets/images/batching.ts";
import { smoothedCrossEntropy } from "../evaluation/accuracy.ts";
import { OutputCounter, outputsOf } from "../evaluation/output-counter.ts";
import type { EvaluationImages, FeedState, TrainingFeed } from "../evaluation/training-data.ts";
import type { TrainingBench } from "../evaluation/workbench.ts";
import { forward } from "../network/forward.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { programOf } from "../network/program.ts";
import { RunningStatistics } from "../network/running-statistics.ts";
import { VariableWeights } from "../network/weights.ts";
import { Rng, type RngState } from "../random.ts";
import type { OutputMeasure } from "../spaces/shared/output-measure.ts";
import type { TrainerSettings } from "../spaces/shared/training-description.ts";
import { type NamedArrays, prefixed, withPrefix } from "./checkpoint.ts";
import { DivergenceMonitor, type DivergenceState } from "./divergence.ts";
import { dropPathProbability, trainingRate } from "./schedules.ts";

/** Approximate number of validations during a training. */
const VALIDATIONS = 20;

export interface TrainerState extends FeedState, DivergenceState {
  readonly step: number;
  /** Null if it is not a number, which JSON cannot hold: no step has been applied. */
  readonly recentLoss: number | null;
  readonly seconds: number;
  /** Missing in old checkpoints of trainings without drop-path. */
  readonly dropPath?: RngState;
}

/** Results of one optimizer step. */
export interface TrainerStep {
  /** Without the auxiliary head; mean over the batches of the step. */
  readonly loss: number;
  readonly accuracy: number;
  readonly learningRate: number;
  readonly images: number;
  /** Loss, gradients or batch statistics were not finite: the network is as it was before the step. */
  readonly skipped: boolean;
}

/** Losses of one batch, each a mean over its images. */
interface BatchLoss {
  /** The loss that is minimised. */
  readonly total: Scalar;
  /** The loss shown in curves, without the auxiliary head. */
  readonly shown: Scalar;
  /** Number of images that the last output classifies correctly. */
  readonly correct: Scalar;
}

/**
 * Trains one network from scratch with SGD (paper, appendix 5.3). The loss is the sum of the outputs' cross-entropies with label smoothing, plus that of an auxiliary head;
 * the drop-path probability grows over the training. A step is one optimizer step over `accumulate` batches. A step with a loss, gradients or batch statistics that are not finite is
 * skipped; too many of them end the training (`divergence`).
 */
export class NetworkTrainer {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  step = 0;
  /** Mean training loss of about the last 20 steps. */
  recentLoss = Number.NaN;
  private readonly bench: TrainingBench;
  private readonly plan: NetworkPlan;
  private readonly auxiliary: boolean;
  private readonly variables: VariableWeights;
  private readonly statistics: RunningStatistics;
  private readonly validationImages: EvaluationImages;
  private readonly settings: TrainerSettings;
  private readonly optimizer: Optimizer;
  private readonly feed: TrainingFeed;
  private readonly monitor: DivergenceMonitor;
  private readonly startedAt = performance.now();
  private secondsBefore = 0;
  private dropPath: Rng;

  /** @param totalSteps length of the schedule in optimizer steps; by default that of the settings' epochs */
  constructor(bench: TrainingBench, settings: TrainerSettings, plan: NetworkPlan, seed: number, totalSteps?: number) {
    const auxiliary = settings.auxiliaryWeight > 0;
    this.bench = bench;
    this.settings = settings;
    this.plan = plan;
    this.auxiliary = auxiliary;
    this.dropPath = Rng.fromSeed(seed, "drop-path");
    this.parameters = plan.counts.parameters;
    this.multiplyAdds = plan.counts.multiplyAdds;
    this.variables = new VariableWeights(plan, Rng.fromSeed(seed, "init"), { auxiliary });
    this.statistics = new RunningStatistics(plan, { auxiliary });
    this.optimizer = bench.backend.createSgd(
      this.variables.entries().map(({ variable, decays }) => ({ variable, weightDecay: decays ? settings.weightDecay : 0 })),
      { momentum: settings.momentum, clipNorm: settings.gradientClip, nesterov: settings.nesterov },
    );
    this.feed = bench.feed({ batchSize: settings.batchSize, dropLast: settings.shortBatch === "drop", augmentation: settings.augmentation, seed });
    this.stepsPerEpoch = Math.max(1, Math.ceil(this.feed.batchesPerEpoch / settings.accumulate));
    this.totalSteps = totalSteps ?? Math.max(1, Math.round(settings.epochs * this.stepsPerEpoch));
    this.validationImages = bench.validationImages();
    const { stepsPerEpoch } = this;
    const { classes } = bench.input;
    this.monitor = new DivergenceMonitor({
      stepsPerEpoch,
      guessingLoss: (programOf(plan).exits?.length ?? 1) * Math.log(classes),
    });
  }

  /** Steps that were skipped. */
  get skipped(): number {
    return this.monitor.skipped;
  }

  /** Why the training cannot continue, as a sentence; null while it can. */
  get divergence(): string | null {
    return this.monitor.reason;
  }

  /** Why the network as it is now is not a usable result, as a sentence; null if it is. Call it after the last step. @param validation measured after that step */
  divergenceAtEnd(validation: OutputMeasure): string | null {
    const value = validation.accuracies.at(-1) ?? Number.NaN;
    return this.monitor.reasonAtEnd(this.step, {
      tensors: this.weights(),
      losses: [this.recentLoss, validation.losses.reduce((sum, loss) => sum + loss, 0)],
      accuracy: { value, images: this.validationImages.count, chance: 1 / this.bench.input.classes },
    });
  }

  async trainStep(): Promise<TrainerStep> {
    const { settings } = this;
    const learningRate = trainingRate(settings, this.progress);
    let gradients: Record<string, Tensor> = {};
    let loss = 0;
    let correct = 0;
    let images = 0;
    // The forward pass updates the running statistics before the loss is known.
    this.statistics.begin();
    for (let part = 0; part < settings.accumulate; part++) {
      const one = this.accumulateBatch(await this.feed.next(), gradients);
      gradients = one.gradients;
      loss += one.loss * one.images;
      correct += one.correct;
      images += one.images;
    }
    const applied = Number.isFinite(loss) && this.optimizer.apply(gradients, learningRate).applied;
    if (applied) this.statistics.commit();
    else this.statistics.rollback();
    tf.dispose(gradients);
    this.step += 1;
    const meanLoss = loss / images;
    this.monitor.add({ loss: meanLoss, applied }, this.step);
    if (applied) this.recentLoss = Number.isFinite(this.recentLoss) ? 0.95 * this.recentLoss + 0.05 * meanLoss : meanLoss;
    return { loss: meanLoss, accuracy: correct / images, learningRate, images, skipped: !applied };
  }

  /**
   * Accuracies and losses on the validation images.
   * @param statistics which batch-norm statistics to use: running averages, or those of the evaluated batch. After ten steps, running averages still contain a third of their initial values.
   */
  validate(statistics: "running" | "batch" = "running"): Promise<OutputMeasure> {
    return this.measure(this.validationImages, statistics);
  }

  /** The same on the test images. Call it once, after all decisions have been made. */
  async test(): Promise<OutputMeasure> {
    const images = this.bench.testImages();
    try {
      return await this.measure(images, "running");
    } finally {
      images.dispose();
    }
  }

  get validationDue(): boolean {
    const every = Math.max(this.stepsPerEpoch, Math.round(this.totalSteps / VALIDATIONS));
    return this.step % every === 0 && this.step < this.totalSteps;
  }

  get seconds(): number {
    return this.secondsBefore + (performance.now() - this.startedAt) / 1000;
  }

  /** The network's weights and running statistics, as exported. */
  weights(): NamedArrays {
    return new Map([...withPrefix("", this.variables.export({ auxiliary: false })), ...withPrefix("", this.statistics.export({ auxiliary: false }))]);
  }

  tensors(): NamedArrays {
    return new Map([
      ...withPrefix("weights/", this.variables.export({ auxiliary: true })),
      ...withPrefix("statistics/", this.statistics.export({ auxiliary: true })),
      ...withPrefix("optimizer/", this.optimizer.state()),
    ]);
  }

  state(): TrainerState {
    const { step, recentLoss, seconds } = this;
    return { step, ...this.feed.state(), recentLoss, seconds, dropPath: this.dropPath.state(), ...this.monitor.state() };
  }

  restore(saved: unknown, tensors: NamedArrays): void {
    const state = saved as TrainerState;
    this.variables.import(prefixed("weights/", tensors));
    this.statistics.import(prefixed("statistics/", tensors));
    this.optimizer.restore(prefixed("optimizer/", tensors));
    this.feed.restore(state);
    this.monitor.restore(state);
    this.step = state.step;
    this.recentLoss = state.recentLoss ?? Number.NaN;
    this.secondsBefore = state.seconds;
    if (state.dropPath !== undefined) this.dropPath = Rng.fromState(state.dropPath);
  }

  /** Frees everything; when it resolves, the threads that read images have ended. */
  async dispose(): Promise<void> {
    await this.feed.close();
    this.optimizer.dispose();
    this.validationImages.dispose();
    this.statistics.dispose();
    this.variables.dispose();
  }

  /** Share of the training that is done, 0 to 1. */
  private get progress(): number {
    return this.step / this.totalSteps;
  }

  /** Losses of one batch; called while gradients are recorded. */
  private lossOf(images: Tensor4D, labels: Tensor1D): BatchLoss {
    const { settings } = this;
    const { ops } = this.bench.backend;
    const probability = dropPathProbability(settings.dropPath, this.progress);
    const result = forward(this.plan, ops, this.variables, images, {
      statistics: "batch",
      running: this.statistics,
      ...(probability > 0 ? { dropPath: { probability, rng: this.dropPath } } : {}),
      auxiliary: this.auxiliary,
    });
    const { logits, auxiliaryLogits } = result;
    const loss = (of: Tensor2D): Scalar => smoothedCrossEntropy(ops, of, labels, settings.labelSmoothing).mean().asScalar();
    const shown = ops.addN(outputsOf(result).map(loss));
    const total = auxiliaryLogits === undefined ? shown : shown.add(loss(auxiliaryLogits).mul(settings.auxiliaryWeight)).asScalar();
    return { total, shown, correct: countCorrect(logits, labels) };
  }

  private async measure(set: EvaluationImages, statistics: "running" | "batch"): Promise<OutputMeasure> {
    const { ops } = this.bench.backend;
    const mode = statistics === "batch" ? ({ statistics } as const) : ({ statistics, running: this.statistics } as const);
    const counter = new OutputCounter(ops, (images) => forward(this.plan, ops, this.variables, images, mode), true);
    await set.each((images, labels) => counter.add(images, labels));
    return counter.result();
  }

  /** Gradients of one batch, divided by the number of batches and added to those accumulated so far (which are freed). */
  private accumulateBatch(
    batch: ImageBatch,
    before: Record<string, Tensor>,
  ): { gradients: Record<string, Tensor>; loss: number; correct: number; images: number } {
    const images = tf.tensor4d(batch.images, [...batch.shape]);
    const labels = tf.tensor1d(batch.labels, "int32");
    let shown: Tensor | null = null;
    const { value, grads, correct } = lossAndGradients(
      this.variables.entries().map(({ variable }) => variable),
      () => {
        const loss = this.lossOf(images, labels);
        shown = tf.keep(loss.shown);
        return { loss: loss.total.div(this.settings.accumulate).asScalar(), correct: loss.correct };
      },
    );
    const gradients = addGradients(before, grads);
    // Statistics that overflowed make the loss NaN too: one read for everything that decides whether the step counts.
    const figures = tf.tidy(() => tf.stack([tf.add(shown ?? value, this.statistics.finiteness()), correct]).dataSync());
    tf.dispose([value, correct, images, labels]);
    if (shown !== null) tf.dispose(shown);
    return { gradients, loss: figures[0] ?? Number.NaN, correct: figures[1] ?? 0, images: batch.labels.length };
  }
}

/** Sum of two sets of gradients; both are freed unless the first is empty. */
function addGradients(before: Record<string, Tensor>, more: Record<string, Tensor>): Record<string, Tensor> {
  if (Object.keys(before).length === 0) return more;
  const sum: Record<string, Tensor> = {};
  for (const [name, gradient] of Object.entries(more)) {
    const other = before[name];
    sum[name] = other === undefined ? gradient : tf.add(other, gradient);
    if (other !== undefined) tf.dispose([other, gradient]);
  }
  return sum;
}
