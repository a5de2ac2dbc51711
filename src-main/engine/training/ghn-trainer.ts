import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { AugmentationConfig, GhnTraining } from "../../../src-shared/domain/config/run-config.ts";
import type { Optimizer } from "../backend/index.ts";
import { lossAndGradients } from "../backend/ops/gradients.ts";
import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import { EpochSampler, type SamplerState } from "../datasets/images/batching.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { Rng, type RngState } from "../random.ts";
import { type Checkpoint, type NamedArrays, prefixed, withPrefix } from "./checkpoint.ts";
import { halvedRate } from "./schedules.ts";

/** Generators and counters of a GHN training, as they stand in a checkpoint. */
interface GhnTrainingState {
  readonly step: number;
  readonly sampler: SamplerState;
  readonly cells: RngState;
  readonly augment: RngState;
  readonly skipped: number;
  readonly skippedInARow: number;
  readonly bestValidation: number;
  readonly lastValidation: number;
}

/** One step's figures. `loss` is the mean cross-entropy over images and architectures. */
export interface GhnStep {
  readonly loss: number;
  /** Share of the batch that the generated networks got right, 0 to 1. */
  readonly accuracy: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Loss or gradient was not finite: the GHN is as it was before the step. */
  readonly skipped: boolean;
  /** Images times architectures. */
  readonly images: number;
}

/** What a GHN learns: which networks it generates weights for, and what their loss is. */
export interface GhnTask {
  readonly ghn: WeightGenerator;
  /** The last network that was drawn, for the live drawing; null where there is none to draw. */
  readonly lastArchitecture: Architecture | null;
  /** A new random network, none of those that `validate` measures. */
  next(cells: Rng): NetworkPlan;
  /** Mean loss of one network with the given weights, and in how many images it was right; called while gradients are recorded. */
  loss(plan: NetworkPlan, weights: ReadonlyMap<string, Tensor>, images: Tensor4D, labels: Tensor1D): { readonly loss: Scalar; readonly correct: Scalar };
  /** Mean score and loss of fixed, unseen networks with generated weights, on validation images. */
  validate(): { readonly accuracy: number; readonly loss: number };
  /** Frees the generator too. */
  dispose(): void;
}

/** Settings of a GHN's training, whatever the space. */
export interface GhnTrainerConfig {
  readonly seed: number;
  readonly training: Pick<GhnTraining, "epochs" | "batchSize" | "learningRate" | "halveAt" | "metaBatch" | "gradientClip"> & {
    readonly augmentation: AugmentationConfig;
  };
}

/**
 * Trains a GHN (paper, sections 2 and 5.2): each step generates the weights of new random cells, computes the training
 * loss of those networks and follows its gradient through the weights into the GHN. Nothing is unrolled.
 */
export class GhnTrainer {
  readonly ghn: WeightGenerator;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  step = 0;
  skipped = 0;
  skippedInARow = 0;
  bestValidation = 0;
  lastValidation = 0;
  private readonly bench: Workbench;
  private readonly config: GhnTrainerConfig;
  private readonly task: GhnTask;
  private readonly optimizer: Optimizer;
  private sampler: EpochSampler;
  private cells: Rng;
  private augment: Rng;

  constructor(bench: Workbench, config: GhnTrainerConfig, task: GhnTask) {
    this.bench = bench;
    this.config = config;
    this.task = task;
    this.ghn = task.ghn;
    const { training, seed } = config;
    this.optimizer = bench.backend.createAdam(
      this.ghn.variables.map((variable) => ({ variable })),
      { clipNorm: training.gradientClip },
    );
    this.sampler = new EpochSampler(bench.split.train, { batchSize: training.batchSize }, Rng.fromSeed(seed, "order"));
    this.cells = Rng.fromSeed(seed, "cells");
    this.augment = Rng.fromSeed(seed, "augment");
    this.stepsPerEpoch = this.sampler.batchesPerEpoch;
    this.totalSteps = Math.max(1, Math.round(training.epochs * this.stepsPerEpoch));
  }

  /** One step on one batch: `metaBatch` new cells on the same images. */
  trainStep(): GhnStep {
    const { training } = this.config;
    const { ops } = this.bench.backend;
    const batch = this.bench.trainBatches.make(this.sampler.next().indices, { augmentation: training.augmentation, rng: this.augment });
    const plans = Array.from({ length: training.metaBatch }, () => this.task.next(this.cells));
    const learningRate = halvedRate(training.learningRate, training.halveAt, this.step / this.totalSteps);
    const images = tf.tensor4d(batch.images, [...batch.shape]);
    const labels = tf.tensor1d(batch.labels, "int32");
    const { value, grads, correct } = lossAndGradients(this.ghn.variables, () => {
      const generated = this.ghn.generate(plans);
      const parts = plans.map((plan, i) => {
        const weights = generated[i];
        if (weights === undefined) throw new Error("The GHN generated fewer networks than there are plans.");
        return this.task.loss(plan, weights, images, labels);
      });
      return {
        loss: ops
          .addN(parts.map((part) => part.loss))
          .div(parts.length)
          .asScalar(),
        correct: tf.addN(parts.map((part) => part.correct)),
      };
    });
    // One read for both figures: each read waits for the device.
    const figures = tf.tidy(() => tf.stack([value, correct.asScalar()]).dataSync());
    const loss = figures[0] ?? Number.NaN;
    const seen = batch.labels.length * plans.length;
    const outcome = Number.isFinite(loss) ? this.optimizer.apply(grads, learningRate) : { applied: false, gradientNorm: Number.NaN };
    tf.dispose([value, correct, images, labels]);
    tf.dispose(grads);
    this.step += 1;
    this.skipped += outcome.applied ? 0 : 1;
    this.skippedInARow = outcome.applied ? 0 : this.skippedInARow + 1;
    return { loss, accuracy: (figures[1] ?? 0) / seen, gradientNorm: outcome.gradientNorm, learningRate, skipped: !outcome.applied, images: seen };
  }

  /** The last network that was drawn, where there is one to draw. */
  get lastArchitecture(): Architecture | null {
    return this.task.lastArchitecture;
  }

  /** As `GhnTask.validate`; the last and the best are kept. */
  validate(): { accuracy: number; loss: number } {
    const result = this.task.validate();
    this.lastValidation = result.accuracy;
    this.bestValidation = Math.max(this.bestValidation, result.accuracy);
    return result;
  }

  /** Everything that a resumed training needs besides `state`. */
  tensors(): NamedArrays {
    return new Map([...withPrefix("ghn/", this.ghn.exportWeights()), ...withPrefix("optimizer/", this.optimizer.state())]);
  }

  state(): GhnTrainingState {
    return {
      step: this.step,
      sampler: this.sampler.state(),
      cells: this.cells.state(),
      augment: this.augment.state(),
      skipped: this.skipped,
      skippedInARow: this.skippedInARow,
      bestValidation: this.bestValidation,
      lastValidation: this.lastValidation,
    };
  }

  /** Continues from a checkpoint: the following steps give the numbers that they would have given without a break. */
  restore(checkpoint: Checkpoint): void {
    const state = checkpoint.state as GhnTrainingState;
    this.ghn.importWeights(prefixed("ghn/", checkpoint.tensors));
    this.optimizer.restore(prefixed("optimizer/", checkpoint.tensors));
    this.sampler = EpochSampler.fromState(this.bench.split.train, { batchSize: this.config.training.batchSize }, state.sampler);
    this.cells = Rng.fromState(state.cells);
    this.augment = Rng.fromState(state.augment);
    this.step = state.step;
    this.skipped = state.skipped;
    this.skippedInARow = state.skippedInARow;
    this.bestValidation = state.bestValidation;
    this.lastValidation = state.lastValidation;
  }

  dispose(): void {
    this.optimizer.dispose();
    this.task.dispose();
  }
}
