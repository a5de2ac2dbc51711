import type { Architecture } from "../../../src-shared/domain/network.ts";
import type { GhnTrainingRun } from "../../../src-shared/domain/run-config.ts";
import type { Optimizer } from "../backend/index.ts";
import { tf } from "../backend/tf.ts";
import { canonicalForm } from "../cells/canonical.ts";
import { sampleCell } from "../cells/sampler.ts";
import { EpochSampler, type SamplerState } from "../datasets/batching.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { forward } from "../network/forward.ts";
import { buildPlan } from "../network/plan.ts";
import { TensorWeights } from "../network/weights.ts";
import { Rng, type RngState } from "../random.ts";
import { EvaluationSet, Scorer } from "../search/scoring.ts";
import { type Checkpoint, type NamedArrays, prefixed, withPrefix } from "./checkpoint.ts";
import { createGhn } from "./ghn-file.ts";
import { countCorrect, lossAndGradients } from "./gradients.ts";
import { halvedRate } from "./schedules.ts";
import type { Workbench } from "./workbench.ts";

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
  lastArchitecture: Architecture | null = null;
  private readonly bench: Workbench;
  private readonly config: GhnTrainingRun;
  private readonly optimizer: Optimizer;
  private readonly unseen: { readonly architectures: readonly Architecture[]; readonly canonical: ReadonlySet<string> };
  private readonly validationImages: EvaluationSet;
  private sampler: EpochSampler;
  private cells: Rng;
  private augment: Rng;

  constructor(bench: Workbench, config: GhnTrainingRun) {
    this.bench = bench;
    this.config = config;
    const { training, seed } = config;
    this.ghn = createGhn(config.ghn, config.network, bench.input, Rng.fromSeed(seed, "ghn-init"), {
      space: config.space,
      nodes: Math.max(config.space.nodes, training.nodes),
    });
    this.optimizer = bench.backend.createAdam(
      this.ghn.variables.map((variable) => ({ variable })),
      { clipNorm: training.gradientClip },
    );
    this.sampler = new EpochSampler(bench.split.train, { batchSize: training.batchSize }, Rng.fromSeed(seed, "order"));
    this.cells = Rng.fromSeed(seed, "cells");
    this.augment = Rng.fromSeed(seed, "augment");
    this.stepsPerEpoch = this.sampler.batchesPerEpoch;
    this.totalSteps = Math.max(1, Math.round(training.epochs * this.stepsPerEpoch));
    this.unseen = unseenCells(config);
    this.validationImages = new EvaluationSet(bench.trainBatches, bench.split.validation, training.validationImages, 250);
  }

  /** One step on one batch: `metaBatch` new cells on the same images. */
  trainStep(): GhnStep {
    const { training, network } = this.config;
    const { ops } = this.bench.backend;
    const batch = this.bench.trainBatches.make(this.sampler.next().indices, { augmentation: training.augmentation, rng: this.augment });
    const plans = Array.from({ length: training.metaBatch }, () => buildPlan(this.nextArchitecture(), network, this.bench.input));
    const learningRate = halvedRate(training.learningRate, training.halveAt, this.step / this.totalSteps);
    const images = tf.tensor4d(batch.images, [...batch.shape]);
    const labels = tf.tensor1d(batch.labels, "int32");
    const { value, grads, correct } = lossAndGradients(this.ghn.variables, () => {
      const generated = this.ghn.generate(plans);
      const parts = plans.map((plan, i) => {
        const weights = generated[i];
        if (weights === undefined) throw new Error("The GHN generated fewer networks than there are plans.");
        const { logits } = forward(plan, ops, new TensorWeights(weights), images, { statistics: "batch" });
        return { loss: ops.softmaxCrossEntropy(logits, labels).mean().asScalar(), logits };
      });
      return {
        loss: ops
          .addN(parts.map((part) => part.loss))
          .div(parts.length)
          .asScalar(),
        correct: tf.addN(parts.map((part) => countCorrect(part.logits, labels))),
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

  /** Mean accuracy and loss of the fixed unseen cells with generated weights, on validation images. */
  validate(): { accuracy: number; loss: number } {
    const scorer = new Scorer(this.bench.backend.ops, this.ghn, this.validationImages);
    const results = this.unseen.architectures.flatMap((architecture) => scorer.score([buildPlan(architecture, this.config.network, this.bench.input)]));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const accuracy = mean(results.map((result) => result.accuracy));
    this.lastValidation = accuracy;
    this.bestValidation = Math.max(this.bestValidation, accuracy);
    return { accuracy, loss: mean(results.map((result) => result.loss)) };
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
    this.validationImages.dispose();
    this.ghn.dispose();
  }

  /** A random cell with the training's number of nodes that is none of the unseen ones. */
  private nextArchitecture(): Architecture {
    let cell = sampleCell(this.config.space, this.cells, this.config.training.nodes);
    // In a tiny space everything may be held back; then the last draw is taken.
    for (let i = 0; i < 100 && this.unseen.canonical.has(canonicalForm(cell)); i++)
      cell = sampleCell(this.config.space, this.cells, this.config.training.nodes);
    this.lastArchitecture = { normal: cell };
    return this.lastArchitecture;
  }
}

/** The fixed cells of the validation score, with as many nodes as the search uses; held back from training. */
function unseenCells(config: GhnTrainingRun): { architectures: Architecture[]; canonical: Set<string> } {
  const rng = Rng.fromSeed(config.seed, "validation-cells");
  const architectures = Array.from({ length: config.training.validationCells }, () => ({ normal: sampleCell(config.space, rng) }));
  return { architectures, canonical: new Set(architectures.map(({ normal }) => canonicalForm(normal))) };
}
