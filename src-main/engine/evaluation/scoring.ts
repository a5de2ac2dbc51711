import type { Ops } from "../backend/index.ts";
import { type Tensor1D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { BatchMaker } from "../datasets/images/batching.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { forward } from "../network/forward.ts";
import { TensorWeights } from "../network/weights.ts";
import type { OutputMeasure } from "../spaces/shared/output-measure.ts";
import type { Scoring } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { fixedBatches } from "./evaluation.ts";
import { measureLatency } from "./latency.ts";
import { OutputCounter } from "./output-counter.ts";

/** A fixed set of images, uploaded to the device once: every network is measured on the same images in the same batches. */
export class EvaluationSet {
  readonly count: number;
  readonly batches: readonly { readonly images: Tensor4D; readonly labels: Tensor1D }[];

  /**
   * @param limit maximum number of images, taken from the start of `indices`
   * @param batchSize maximum number of images per batch; batch sizes differ by at most one, because batch norm depends on the batch
   */
  constructor(maker: BatchMaker, indices: Uint32Array, limit: number, batchSize: number) {
    this.count = Math.min(limit, indices.length);
    this.batches = [...fixedBatches(maker, indices, limit, batchSize)].map((batch) => ({
      images: tf.tensor4d(batch.images, [...batch.shape]),
      labels: tf.tensor1d(batch.labels, "int32"),
    }));
  }

  dispose(): void {
    for (const batch of this.batches) tf.dispose([batch.images, batch.labels]);
  }
}

/** Score of one architecture. Times in milliseconds. */
export interface Score {
  /** As the space defines it; 0 if it is not finite, so that a broken network ranks last instead of ending the search. */
  readonly score: number;
  /** Mean cross-entropy over the outputs; may not be finite. */
  readonly loss: number;
  readonly measure: OutputMeasure;
  /** The network's share of the time needed to generate the weights of its batch. */
  readonly generationMs: number;
  readonly evaluationMs: number;
  /** Median time of a forward pass of one image; NaN if it was not measured. */
  readonly latencyMs: number;
}

/** Scores architectures with weights that a GHN generates (paper, section 2). Batch norm uses the statistics of the batch. */
export class Scorer<T extends SpaceTypes> {
  private readonly ops: Ops;
  private readonly ghn: WeightGenerator;
  private readonly images: EvaluationSet;
  private readonly scoring: Scoring<T>;
  private readonly latencyRuns: number;

  /** @param latencyRuns timed forward passes per network; 0 for none */
  constructor(ops: Ops, ghn: WeightGenerator, images: EvaluationSet, scoring: Scoring<T>, latencyRuns = 0) {
    this.ops = ops;
    this.ghn = ghn;
    this.images = images;
    this.scoring = scoring;
    this.latencyRuns = latencyRuns;
  }

  /** Scores networks. Their weights are generated together and freed afterwards. */
  score(plans: readonly T["plan"][]): Score[] {
    const scores: Score[] = [];
    tf.tidy(() => {
      const start = performance.now();
      const generated = this.ghn.generate([...plans]);
      const generationMs = (performance.now() - start) / plans.length;
      for (const [i, plan] of plans.entries()) {
        const weights = generated[i];
        if (weights === undefined) throw new Error("The GHN generated fewer networks than there are plans.");
        const from = performance.now();
        const source = new TensorWeights(weights);
        const counter = new OutputCounter(this.ops, (images) => forward(plan, this.ops, source, images, { statistics: "batch" }));
        for (const { images, labels } of this.images.batches) counter.add(images, labels);
        const measure = counter.result();
        const score = this.scoring.score(plan, measure);
        const loss = measure.losses.reduce((sum, value) => sum + value, 0) / Math.max(1, measure.losses.length);
        const evaluationMs = performance.now() - from;
        const latencyMs = this.latencyRuns === 0 ? Number.NaN : measureLatency(this.ops, plan, source, this.latencyRuns);
        scores.push({ score: Number.isFinite(score) ? score : 0, loss, measure, generationMs, evaluationMs, latencyMs });
      }
    });
    return scores;
  }
}
