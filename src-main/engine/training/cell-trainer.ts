import type { Architecture } from "../../../src-shared/domain/network.ts";
import type { CellTrainingRun } from "../../../src-shared/domain/run-config.ts";
import type { TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import type { Optimizer } from "../backend/index.ts";
import { type Scalar, type Tensor, tf } from "../backend/tf.ts";
import type { ImageBatch } from "../datasets/batching.ts";
import { BATCH_NORM_EPSILON, forward, RunningStatistics } from "../network/forward.ts";
import { buildPlan } from "../network/plan.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { VariableWeights } from "../network/weights.ts";
import { Rng, type RngState } from "../random.ts";
import { type Measured, measure, smoothedCrossEntropy } from "./accuracy.ts";
import { type NamedArrays, prefixed, withPrefix } from "./checkpoint.ts";
import { countCorrect, lossAndGradients } from "./gradients.ts";
import { dropPathProbability, trainingRate } from "./schedules.ts";
import type { EvaluationImages, FeedState, TrainingFeed } from "./training-data.ts";
import type { WeightsManifest } from "./weights-file.ts";
import type { TrainingBench } from "./workbench.ts";

/** About so many validations are made during a training. */
const VALIDATIONS = 20;

interface CellTrainerState extends FeedState {
  readonly step: number;
  readonly dropPath: RngState;
  readonly recentLoss: number;
  readonly seconds: number;
}

/** One optimizer step's figures. */
export interface CellStep {
  /** Mean cross-entropy of the main classifier, with label smoothing where that is on. */
  readonly loss: number;
  readonly accuracy: number;
  readonly learningRate: number;
  readonly images: number;
}

/** Trains one network from scratch (paper, section 5.3). A step is one optimizer step, over `accumulate` batches. */
export class CellTrainer {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  step = 0;
  /** Mean training loss of about the last 20 steps. */
  recentLoss = Number.NaN;
  private readonly bench: TrainingBench;
  private readonly config: CellTrainingRun;
  private readonly architecture: Architecture;
  private readonly plan: NetworkPlan;
  private readonly variables: VariableWeights;
  private readonly statistics: RunningStatistics;
  private readonly optimizer: Optimizer;
  private readonly auxiliary: boolean;
  private readonly validationImages: EvaluationImages;
  private readonly feed: TrainingFeed;
  private readonly startedAt = performance.now();
  private secondsBefore = 0;
  private dropPathRng: Rng;

  /** @param totalSteps length of the schedule in optimizer steps; by default that of the config's epochs */
  constructor(bench: TrainingBench, config: CellTrainingRun, architecture: Architecture, seed: number, totalSteps?: number) {
    this.bench = bench;
    this.config = config;
    this.architecture = architecture;
    const { training } = config;
    this.plan = buildPlan(architecture, config.network, bench.input);
    this.parameters = this.plan.counts.parameters;
    this.multiplyAdds = this.plan.counts.multiplyAdds;
    this.auxiliary = training.auxiliaryWeight > 0;
    this.variables = new VariableWeights(this.plan, Rng.fromSeed(seed, "init"), { auxiliary: this.auxiliary });
    this.statistics = new RunningStatistics(this.plan, { auxiliary: this.auxiliary });
    this.optimizer = bench.backend.createSgd(
      this.variables.entries().map(({ variable, decays }) => ({ variable, weightDecay: decays ? training.weightDecay : 0 })),
      { momentum: training.momentum, clipNorm: training.gradientClip },
    );
    this.feed = bench.feed({ batchSize: training.batchSize, augmentation: training.augmentation, seed });
    this.dropPathRng = Rng.fromSeed(seed, "drop-path");
    this.stepsPerEpoch = Math.max(1, Math.ceil(this.feed.batchesPerEpoch / training.accumulate));
    this.totalSteps = totalSteps ?? Math.max(1, Math.round(training.epochs * this.stepsPerEpoch));
    this.validationImages = bench.validationImages();
  }

  async trainStep(): Promise<CellStep> {
    const { training } = this.config;
    const progress = this.step / this.totalSteps;
    const learningRate = trainingRate(training, progress);
    const dropPath = dropPathProbability(training.dropPath, progress);
    let gradients: Record<string, Tensor> = {};
    let loss = 0;
    let correct = 0;
    let images = 0;
    for (let part = 0; part < training.accumulate; part++) {
      const one = this.accumulateBatch(await this.feed.next(), dropPath, gradients);
      gradients = one.gradients;
      loss += one.loss * one.images;
      correct += one.correct;
      images += one.images;
    }
    this.optimizer.apply(gradients, learningRate);
    tf.dispose(gradients);
    this.step += 1;
    const meanLoss = loss / images;
    this.recentLoss = Number.isFinite(this.recentLoss) ? 0.95 * this.recentLoss + 0.05 * meanLoss : meanLoss;
    return { loss: meanLoss, accuracy: correct / images, learningRate, images };
  }

  get validationDue(): boolean {
    const every = Math.max(this.stepsPerEpoch, Math.round(this.totalSteps / VALIDATIONS));
    return this.step % every === 0 && this.step < this.totalSteps;
  }

  /** Accuracy and loss on the validation images, with running statistics. */
  validate(): Promise<Measured> {
    return this.evaluateOn(this.validationImages);
  }

  /** Accuracy on the test images; to be called once, when nothing is decided any more. */
  async test(): Promise<Measured> {
    const images = this.bench.testImages();
    try {
      return await this.evaluateOn(images);
    } finally {
      images.dispose();
    }
  }

  get seconds(): number {
    return this.secondsBefore + (performance.now() - this.startedAt) / 1000;
  }

  /** The network's weights and running statistics, as they are exported. */
  weights(): NamedArrays {
    return new Map([...withPrefix("", this.variables.export({ auxiliary: false })), ...withPrefix("", this.statistics.export({ auxiliary: false }))]);
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

  tensors(): NamedArrays {
    return new Map([
      ...withPrefix("weights/", this.variables.export({ auxiliary: true })),
      ...withPrefix("statistics/", this.statistics.export({ auxiliary: true })),
      ...withPrefix("optimizer/", this.optimizer.state()),
    ]);
  }

  state(): CellTrainerState {
    return {
      step: this.step,
      ...this.feed.state(),
      dropPath: this.dropPathRng.state(),
      recentLoss: this.recentLoss,
      seconds: this.seconds,
    };
  }

  restore(saved: unknown, tensors: NamedArrays): void {
    const state = saved as CellTrainerState;
    this.variables.import(prefixed("weights/", tensors));
    this.statistics.import(prefixed("statistics/", tensors));
    this.optimizer.restore(prefixed("optimizer/", tensors));
    this.feed.restore(state);
    this.dropPathRng = Rng.fromState(state.dropPath);
    this.step = state.step;
    this.recentLoss = state.recentLoss;
    this.secondsBefore = state.seconds;
  }

  /** Frees everything; threads that read images have ended when it is done. */
  async dispose(): Promise<void> {
    await this.feed.close();
    this.optimizer.dispose();
    this.validationImages.dispose();
    this.statistics.dispose();
    this.variables.dispose();
  }

  /** Gradients of one batch, divided by the number of batches, added to what was gathered before (which is freed). */
  private accumulateBatch(
    batch: ImageBatch,
    dropPath: number,
    before: Record<string, Tensor>,
  ): { gradients: Record<string, Tensor>; loss: number; correct: number; images: number } {
    const { training } = this.config;
    const { ops } = this.bench.backend;
    const images = tf.tensor4d(batch.images, [...batch.shape]);
    const labels = tf.tensor1d(batch.labels, "int32");
    let mainLoss: Tensor | null = null;
    const { value, grads, correct } = lossAndGradients(
      this.variables.entries().map(({ variable }) => variable),
      () => {
        const { logits, auxiliaryLogits } = forward(this.plan, ops, this.variables, images, {
          statistics: "batch",
          running: this.statistics,
          ...(dropPath > 0 ? { dropPath: { probability: dropPath, rng: this.dropPathRng } } : {}),
          auxiliary: this.auxiliary,
        });
        const loss = (of: typeof logits): Scalar => smoothedCrossEntropy(ops, of, labels, training.labelSmoothing).mean().asScalar();
        const main = loss(logits);
        mainLoss = tf.keep(main);
        const total = auxiliaryLogits === undefined ? main : main.add(loss(auxiliaryLogits).mul(training.auxiliaryWeight)).asScalar();
        return { loss: total.div(training.accumulate).asScalar(), correct: countCorrect(logits, labels) };
      },
    );
    const gradients = addGradients(before, grads);
    const figures = tf.tidy(() => tf.stack([mainLoss ?? value, correct]).dataSync());
    tf.dispose([value, correct, images, labels]);
    if (mainLoss !== null) tf.dispose(mainLoss);
    return { gradients, loss: figures[0] ?? Number.NaN, correct: figures[1] ?? 0, images: batch.labels.length };
  }

  private evaluateOn(set: EvaluationImages): Promise<Measured> {
    const { ops } = this.bench.backend;
    return measure(ops, set, (images) => forward(this.plan, ops, this.variables, images, { statistics: "running", running: this.statistics }).logits);
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
