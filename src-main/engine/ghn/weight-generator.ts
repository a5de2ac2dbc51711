import type { Tensor, Variable } from "../backend/ops/tf.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { NetworkPlan } from "../network/plan-types.ts";

/** Generates the weights of architectures: a GHN, or a baseline in its place. Training, scoring and files are the same for all. */
export interface WeightGenerator {
  readonly variables: readonly Variable[];
  readonly parameterCount: number;
  /** Weights of each plan by slot id, differentiable with respect to `variables`. The caller disposes them. */
  generate(plans: readonly NetworkPlan[]): Map<string, Tensor>[];
  /** Copies of all parameters by their names in files. */
  exportWeights(): Record<string, NamedArray>;
  /** Sets all parameters; throws and changes nothing if names or shapes do not fit. */
  importWeights(arrays: Readonly<Record<string, NamedArray>>): void;
  /** Frees the parameters. */
  dispose(): void;
}
