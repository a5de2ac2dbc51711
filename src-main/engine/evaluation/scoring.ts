import type { Ops } from "../backend/index.ts";
import { countCorrect } from "../backend/ops/gradients.ts";
import { type Tensor1D, type Tensor2D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { BatchMaker } from "../datasets/images/batching.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { forward } from "../network/forward.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import { TensorWeights } from "../network/weights.ts";
import { fixedBatches } from "./evaluation.ts";
import { measureLatency } from "./latency.ts";

/** Images that never change, on the device once: every cell is measured on the same images in the same batches. */
export class EvaluationSet {
  readonly count: number;
  readonly batches: readonly { readonly images: Tensor4D; readonly labels: Tensor1D }[];

  /**
   * @param limit at most this many of `indices`, from the front
   * @param batchSize images a batch at most; batches are of equal size but for one image, since batch norm sees the batch
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

/** Accuracy in [0, 1] and mean cross-entropy of logits over an evaluation set. Without gradient; leaves no tensor. */
export function evaluate(ops: Ops, set: EvaluationSet, logitsOf: (images: Tensor4D) => Tensor2D): { accuracy: number; loss: number } {
  let correct = 0;
  let loss = 0;
  for (const { images, labels } of set.batches) {
    const figures = tf.tidy(() => {
      const logits = logitsOf(images);
      return tf.stack([countCorrect(logits, labels), ops.softmaxCrossEntropy(logits, labels).sum().asScalar()]).dataSync();
    });
    correct += figures[0] ?? 0;
    loss += figures[1] ?? Number.NaN;
  }
  return { accuracy: correct / set.count, loss: loss / set.count };
}

/** Score of one architecture. Times in milliseconds. */
export interface Score {
  /** Share of validation images that the network with generated weights gets right. */
  readonly accuracy: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Its share of the time that generating the weights of its batch took. */
  readonly generationMs: number;
  readonly evaluationMs: number;
  /** Median time of a forward pass of one image; NaN where it was not asked for. */
  readonly latencyMs: number;
}

/** Scores architectures with weights that a GHN generates (paper, section 2); batch norm uses the batch's statistics. */
export class Scorer {
  private readonly ops: Ops;
  private readonly ghn: WeightGenerator;
  private readonly images: EvaluationSet;
  private readonly latencyRuns: number;

  /** @param latencyRuns forward passes that are timed for each network; 0 for none */
  constructor(ops: Ops, ghn: WeightGenerator, images: EvaluationSet, latencyRuns = 0) {
    this.ops = ops;
    this.ghn = ghn;
    this.images = images;
    this.latencyRuns = latencyRuns;
  }

  /** Scores networks; their weights are generated in one go and freed afterwards. */
  score(plans: readonly NetworkPlan[]): Score[] {
    return tf.tidy(() => {
      const start = performance.now();
      const generated = this.ghn.generate([...plans]);
      const generationMs = (performance.now() - start) / plans.length;
      return plans.map((plan, i) => {
        const weights = generated[i];
        if (weights === undefined) throw new Error("The GHN generated fewer networks than there are plans.");
        const from = performance.now();
        const source = new TensorWeights(weights);
        const result = evaluate(this.ops, this.images, (images) => forward(plan, this.ops, source, images, { statistics: "batch" }).logits);
        const evaluationMs = performance.now() - from;
        const latencyMs = this.latencyRuns === 0 ? Number.NaN : measureLatency(this.ops, plan, source, this.latencyRuns);
        return { ...result, generationMs, evaluationMs, latencyMs };
      });
    });
  }
}
