import type { Tensor, Variable } from "../backend/ops/tf.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { NetworkPlan } from "../network/plan-types.ts";

/** What makes the weights of architectures: a GHN, or a baseline in its place. Training, scoring and files are the same for all. */
export interface WeightGenerator {
  readonly variables: readonly Variable[];
  readonly parameterCount: number;
  /** Weights of each plan by slot id, differentiable with respect to `variables`. */
  generate(plans: readonly NetworkPlan[]): Map<string, Tensor>[];
  exportWeights(): Record<string, NamedArray>;
  importWeights(arrays: Readonly<Record<string, NamedArray>>): void;
  dispose(): void;
}
