import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { GhnTrainingRun } from "../../../src-shared/domain/config/run-config.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import type { Scalar, Tensor, Tensor1D, Tensor4D } from "../backend/ops/tf.ts";
import { createGenerator } from "../baselines/generators.ts";
import { EvaluationSet, Scorer } from "../evaluation/scoring.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { forward } from "../network/forward.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { TensorWeights } from "../network/weights.ts";
import { Rng } from "../random.ts";
import { canonicalForm } from "../spaces/cell/canonical.ts";
import { buildPlan } from "../spaces/cell/plan.ts";
import { sampleCell } from "../spaces/cell/sampler.ts";
import type { GhnTask } from "./ghn-trainer.ts";

/** A GHN learning the standard space: random cells with the training's number of nodes, cross-entropy of the stacked network. */
export class CellGhnTask implements GhnTask {
  readonly ghn: WeightGenerator;
  lastArchitecture: Architecture | null = null;
  private readonly bench: Workbench;
  private readonly config: GhnTrainingRun;
  private readonly unseen: { readonly architectures: readonly Architecture[]; readonly canonical: ReadonlySet<string> };
  private readonly validationImages: EvaluationSet;

  constructor(bench: Workbench, config: GhnTrainingRun) {
    this.bench = bench;
    this.config = config;
    const { training, seed, space } = config;
    this.ghn = createGenerator(config.ghn, config.network, bench.input, Rng.fromSeed(seed, "ghn-init"), {
      space,
      nodes: Math.max(space.nodes, training.nodes),
    });
    this.unseen = unseenCells(config);
    this.validationImages = new EvaluationSet(bench.trainBatches, bench.split.validation, training.validationImages, 250);
  }

  /** A random cell with the training's number of nodes that is none of the unseen ones. */
  next(cells: Rng): NetworkPlan {
    const { space, training, network } = this.config;
    let cell = sampleCell(space, cells, training.nodes);
    // In a tiny space everything may be held back; then the last draw is taken.
    for (let i = 0; i < 100 && this.unseen.canonical.has(canonicalForm(cell)); i++) cell = sampleCell(space, cells, training.nodes);
    this.lastArchitecture = { normal: cell };
    return buildPlan(this.lastArchitecture, network, this.bench.input);
  }

  loss(plan: NetworkPlan, weights: ReadonlyMap<string, Tensor>, images: Tensor4D, labels: Tensor1D): { loss: Scalar; correct: Scalar } {
    const { ops } = this.bench.backend;
    const { logits } = forward(plan, ops, new TensorWeights(weights), images, { statistics: "batch" });
    return { loss: ops.softmaxCrossEntropy(logits, labels).mean().asScalar(), correct: countCorrect(logits, labels) };
  }

  validate(): { accuracy: number; loss: number } {
    const scorer = new Scorer(this.bench.backend.ops, this.ghn, this.validationImages);
    const results = this.unseen.architectures.flatMap((architecture) => scorer.score([buildPlan(architecture, this.config.network, this.bench.input)]));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return { accuracy: mean(results.map((result) => result.accuracy)), loss: mean(results.map((result) => result.loss)) };
  }

  dispose(): void {
    this.validationImages.dispose();
    this.ghn.dispose();
  }
}

/** The fixed cells of the validation score, with as many nodes as the search uses; held back from training. */
function unseenCells(config: GhnTrainingRun): { architectures: Architecture[]; canonical: Set<string> } {
  const rng = Rng.fromSeed(config.seed, "validation-cells");
  const architectures = Array.from({ length: config.training.validationCells }, () => ({ normal: sampleCell(config.space, rng) }));
  return { architectures, canonical: new Set(architectures.map(({ normal }) => canonicalForm(normal))) };
}
