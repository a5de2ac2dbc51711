import type { Optimizer } from "../backend/index.ts";
import { countCorrect, lossAndGradients } from "../backend/ops/gradients.ts";
import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import { generatorOptimizer } from "../baselines/generator-optimizer.ts";
import { createGenerator } from "../baselines/generators.ts";
import { EpochSampler, type SamplerOptions, type SamplerState } from "../datasets/images/batching.ts";
import { outputsOf } from "../evaluation/output-counter.ts";
import { EvaluationSet, Scorer } from "../evaluation/scoring.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { forward } from "../network/forward.ts";
import { TensorWeights } from "../network/weights.ts";
import { Rng, type RngState } from "../random.ts";
import { meanOf } from "../spaces/shared/moments.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { GhnRunFields, SpaceTypes } from "../spaces/shared/space-types.ts";
import { type Checkpoint, type NamedArrays, prefixed, withPrefix } from "./checkpoint.ts";
import { DivergenceMonitor, type DivergenceState } from "./divergence.ts";
import { halvedRate } from "./schedules.ts";

/** Random generators and counters of GHN training, as stored in a checkpoint. */
interface GhnTrainingState extends DivergenceState {
  readonly step: number;
  readonly sampler: SamplerState;
  readonly cells: RngState;
  readonly augment: RngState;
  /** Missing in checkpoints of older versions; null if no step has been applied, since JSON cannot hold NaN. */
  readonly recentLoss?: number | null;
  readonly bestValidation: number;
  readonly lastValidation: number;
}

/** Results of one step. `loss` is the mean cross-entropy over images, outputs and architectures. */
export interface GhnStep {
  readonly loss: number;
  /** Share of the batch that the generated networks classify correctly, 0 to 1. */
  readonly accuracy: number;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** True if the loss or gradient was not finite; then the GHN is unchanged. */
  readonly skipped: boolean;
  /** Number of images times number of architectures. */
  readonly images: number;
}

/** Maximum batch size of a validation. */
const VALIDATION_BATCH = 250;
/** Draws until an architecture is not held out. In a tiny space, all may be held out; then the last draw is used. */
const MAX_DRAWS = 100;

function batchesOf({ batchSize, shortBatch }: GhnRunFields["training"]): SamplerOptions {
  return { batchSize, dropLast: shortBatch === "drop" };
}

/**
 * Trains a GHN (paper, section 2 and appendix 5.2): each step generates the weights of new random architectures, computes the training
 * loss of those networks and follows its gradient through the weights into the GHN. Nothing is unrolled.
 */
export class GhnTrainer<T extends SpaceTypes> {
  readonly ghn: WeightGenerator;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  step = 0;
  /** Mean loss of about the last 20 steps. */
  recentLoss = Number.NaN;
  bestValidation = 0;
  lastValidation = 0;
  /** The architecture drawn last. */
  lastArchitecture: T["architecture"] | null = null;
  private readonly bench: Workbench;
  private readonly space: SearchSpace<T>;
  private readonly run: T["ghnRun"];
  /** Architectures held out from training for validation, with as many nodes as those of the search. */
  private readonly unseen: readonly T["architecture"][];
  private readonly unseenForms: ReadonlySet<string>;
  private readonly validationImages: EvaluationSet;
  private readonly optimizer: Optimizer;
  private sampler: EpochSampler;
  private cells: Rng;
  private augment: Rng;
  private readonly monitor: DivergenceMonitor;

  /** @throws UserError as `createGenerator` */
  constructor(bench: Workbench, space: SearchSpace<T>, run: T["ghnRun"]) {
    this.bench = bench;
    this.space = space;
    this.run = run;
    const { training, seed } = run;
    this.ghn = createGenerator(space, space.ghn.manifest(run, bench.input), Rng.fromSeed(seed, "ghn-init"));
    const unseen = Rng.fromSeed(seed, "validation-cells");
    this.unseen = Array.from({ length: training.validationCells }, () => space.sample(run.space, unseen));
    this.unseenForms = new Set(this.unseen.map((architecture) => space.canonical(architecture)));
    this.validationImages = new EvaluationSet(bench.trainBatches, bench.split.validation, training.validationImages, VALIDATION_BATCH);
    this.optimizer = generatorOptimizer(bench.backend, run.ghn, this.ghn, training.gradientClip);
    this.sampler = new EpochSampler(bench.split.train, batchesOf(training), Rng.fromSeed(seed, "order"));
    this.cells = Rng.fromSeed(seed, "cells");
    this.augment = Rng.fromSeed(seed, "augment");
    this.stepsPerEpoch = this.sampler.batchesPerEpoch;
    this.totalSteps = Math.max(1, Math.round(training.epochs * this.stepsPerEpoch));
    const { stepsPerEpoch } = this;
    this.monitor = new DivergenceMonitor({
      stepsPerEpoch,
      guessingLoss: Math.log(bench.input.classes),
      maxSkippedInARow: training.maxSkippedSteps,
    });
  }

  /** Steps that were skipped, in all and since the last that was not. */
  get skipped(): number {
    return this.monitor.skipped;
  }

  get skippedInARow(): number {
    return this.monitor.skippedInARow;
  }

  /** Why the training cannot continue, as a sentence; null while it can. */
  get divergence(): string | null {
    return this.monitor.reason;
  }

  /** Why the GHN must not be saved, as a sentence; null if it is usable. Call it after the last step. */
  get divergenceAtEnd(): string | null {
    // Without an applied step there is no recent loss; then too many were skipped anyway.
    const losses = Number.isNaN(this.recentLoss) ? [] : [this.recentLoss];
    return this.monitor.reasonAtEnd(this.step, { tensors: new Map(Object.entries(this.ghn.exportWeights())), losses, accuracy: null });
  }

  /** One step on one batch: `metaBatch` new architectures on the same images. */
  trainStep(): GhnStep {
    const { training } = this.run;
    const { ops } = this.bench.backend;
    const batch = this.bench.trainBatches.make(this.sampler.next().indices, { augmentation: training.augmentation, rng: this.augment });
    const plans = Array.from({ length: training.metaBatch }, () => this.nextPlan());
    const learningRate = halvedRate(training.learningRate, training.halveAt, this.step / this.totalSteps);
    const images = tf.tensor4d(batch.images, [...batch.shape]);
    const labels = tf.tensor1d(batch.labels, "int32");
    const { value, grads, correct } = lossAndGradients(this.ghn.variables, () => {
      const generated = this.ghn.generate(plans);
      const parts = plans.map((plan, i) => {
        const weights = generated[i];
        if (weights === undefined) throw new Error("The GHN generated fewer networks than there are plans.");
        return this.loss(plan, weights, images, labels);
      });
      return {
        loss: ops
          .addN(parts.map((part) => part.loss))
          .div(parts.length)
          .asScalar(),
        correct: tf.addN(parts.map((part) => part.correct)),
      };
    });
    // One read for both values: each read waits for the device.
    const figures = tf.tidy(() => tf.stack([value, correct.asScalar()]).dataSync());
    const loss = figures[0] ?? Number.NaN;
    const seen = batch.labels.length * plans.length;
    const outcome = Number.isFinite(loss) ? this.optimizer.apply(grads, learningRate) : { applied: false, gradientNorm: Number.NaN };
    tf.dispose([value, correct, images, labels]);
    tf.dispose(grads);
    this.step += 1;
    this.monitor.add({ loss, applied: outcome.applied }, this.step);
    if (outcome.applied) this.recentLoss = Number.isFinite(this.recentLoss) ? 0.95 * this.recentLoss + 0.05 * loss : loss;
    return { loss, accuracy: (figures[1] ?? 0) / seen, gradientNorm: outcome.gradientNorm, learningRate, skipped: !outcome.applied, images: seen };
  }

  /** Mean score and loss of the held-out architectures with generated weights, on validation images. The last and the best score are stored. */
  validate(): { score: number; loss: number } {
    const { training, network } = this.run;
    const scorer = new Scorer(this.bench.backend.ops, this.ghn, this.validationImages, this.space.scoring(training, this.bench.input));
    const results = this.unseen.flatMap((architecture) => scorer.score([this.space.plan(architecture, network, this.bench.input)]));
    const score = meanOf(results.map((result) => result.score));
    this.lastValidation = score;
    this.bestValidation = Math.max(this.bestValidation, score);
    return { score, loss: meanOf(results.map((result) => result.loss)) };
  }

  /** Everything besides `state` that a resumed training needs. */
  tensors(): NamedArrays {
    return new Map([...withPrefix("ghn/", this.ghn.exportWeights()), ...withPrefix("optimizer/", this.optimizer.state())]);
  }

  state(): GhnTrainingState {
    return {
      step: this.step,
      sampler: this.sampler.state(),
      cells: this.cells.state(),
      augment: this.augment.state(),
      ...this.monitor.state(),
      recentLoss: this.recentLoss,
      bestValidation: this.bestValidation,
      lastValidation: this.lastValidation,
    };
  }

  /** Continues from a checkpoint; the following steps give the same numbers as without an interruption. */
  restore(checkpoint: Checkpoint): void {
    const state = checkpoint.state as GhnTrainingState;
    this.ghn.importWeights(prefixed("ghn/", checkpoint.tensors));
    this.optimizer.restore(prefixed("optimizer/", checkpoint.tensors));
    this.sampler = EpochSampler.fromState(this.bench.split.train, batchesOf(this.run.training), state.sampler);
    this.cells = Rng.fromState(state.cells);
    this.augment = Rng.fromState(state.augment);
    this.step = state.step;
    this.monitor.restore(state);
    this.recentLoss = state.recentLoss ?? Number.NaN;
    this.bestValidation = state.bestValidation;
    this.lastValidation = state.lastValidation;
  }

  dispose(): void {
    this.optimizer.dispose();
    this.validationImages.dispose();
    this.ghn.dispose();
  }

  /** A new random network that is not one of those held out. */
  private nextPlan(): T["plan"] {
    const draw = (): T["architecture"] => this.space.sampleForGhn(this.run, this.cells);
    let architecture = draw();
    for (let i = 0; i < MAX_DRAWS && this.unseenForms.has(this.space.canonical(architecture)); i++) architecture = draw();
    this.lastArchitecture = architecture;
    return this.space.plan(architecture, this.run.network, this.bench.input);
  }

  /** Mean loss over the outputs of one network, and the mean number of images that they classify correctly; called while gradients are recorded. */
  private loss(plan: T["plan"], weights: ReadonlyMap<string, Tensor>, images: Tensor4D, labels: Tensor1D): { loss: Scalar; correct: Scalar } {
    const { ops } = this.bench.backend;
    const outputs = outputsOf(forward(plan, ops, new TensorWeights(weights), images, { statistics: "batch" }));
    const mean = (list: Scalar[]): Scalar => ops.addN(list).div(list.length).asScalar();
    return {
      loss: mean(outputs.map((logits) => ops.softmaxCrossEntropy(logits, labels).mean().asScalar())),
      correct: mean(outputs.map((logits) => countCorrect(logits, labels))),
    };
  }
}
