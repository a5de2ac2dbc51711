import { type Tensor, type Tensor4D, tf, type Variable } from "../backend/ops/tf.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { NetworkPlan, ParameterSlot } from "../network/plan-types.ts";
import { checkArray } from "../network/weights.ts";
import type { Rng } from "../random.ts";
import { keyOf, partKey, type SharedParameter, sharedParameters } from "./supernet-parameters.ts";

/**
 * One-shot baseline (after Pham et al., 2018; docs/ghn.md, eq. 39): one network with every operation at every node, of which a cell uses the weights of its own operations.
 * Weights on concatenations consist of one part for each node that may be concatenated. The number of parameters, and with it memory, grows with K · N; that of a
 * GHN does not.
 *
 * It implements `generate` like a GHN, so that training on sampled paths, search and files use the same code.
 */
export class Supernet {
  readonly variables: readonly Variable[];
  readonly parameterCount: number;
  private readonly byKey = new Map<string, Variable>();

  /** @param covering networks that together use every parameter of every network that is served */
  constructor(covering: readonly NetworkPlan[], rng: Rng) {
    for (const parameter of sharedParameters(covering)) {
      const variable = tf.tidy(() => tf.variable(tf.tensor(initialValues(parameter, rng), [...parameter.shape]), true, `supernet/${parameter.key}`));
      this.byKey.set(parameter.key, variable);
    }
    this.variables = [...this.byKey.values()];
    this.parameterCount = this.variables.reduce((sum, variable) => sum + variable.size, 0);
  }

  /** The weights of each plan by slot id; differentiable with respect to `variables`. @throws Error for a cell with more nodes, or with other operations than the space */
  generate(plans: readonly NetworkPlan[]): Map<string, Tensor>[] {
    return plans.map((plan) => new Map(plan.slots.map((slot) => [slot.id, this.weight(plan, slot)])));
  }

  exportWeights(): Record<string, NamedArray> {
    return Object.fromEntries([...this.byKey].map(([key, variable]) => [key, { shape: [...variable.shape], values: Float32Array.from(variable.dataSync()) }]));
  }

  /** @throws Error if one is missing or has another shape; then nothing has changed */
  importWeights(arrays: Readonly<Record<string, NamedArray>>): void {
    for (const [key, variable] of this.byKey) checkArray(key, arrays[key], variable.shape);
    tf.tidy(() => {
      for (const [key, variable] of this.byKey) variable.assign(tf.tensor(Float32Array.from(arrays[key]?.values ?? []), variable.shape));
    });
  }

  dispose(): void {
    for (const variable of this.byKey.values()) variable.dispose();
    this.byKey.clear();
  }

  private weight(plan: NetworkPlan, slot: ParameterSlot): Tensor {
    if (slot.parts === undefined) return this.variable(keyOf(plan, slot));
    const parts = slot.parts.map(({ source }) => this.variable(partKey(plan, slot, source)));
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return only;
    return tf.concat(parts as Tensor4D[], slot.shape.length - 2);
  }

  private variable(key: string): Variable {
    const variable = this.byKey.get(key);
    if (variable === undefined) throw new Error(`The supernet has no weight ${key}.`);
    return variable;
  }
}

function initialValues({ shape, role, fanIn }: SharedParameter, rng: Rng): Float32Array {
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  if (role === "scale") return values.fill(1);
  if (role === "shift" || role === "bias") return values;
  const deviation = Math.sqrt((role === "classifier" ? 1 : 2) / fanIn);
  for (let i = 0; i < values.length; i++) values[i] = deviation * rng.normal();
  return values;
}
