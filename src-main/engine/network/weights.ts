import { type Tensor, tf, type Variable } from "../backend/ops/tf.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { Rng } from "../random.ts";
import type { NetworkPlan, ParameterSlot } from "./plan-types.ts";

/** Where a forward pass takes its parameters from. */
export interface WeightSource {
  /** The parameter of a slot, of the slot's shape. The caller does not dispose it. @throws Error when there is none */
  get(slot: ParameterSlot): Tensor;
}

/** Weights made by somebody else, for example a GHN; by slot id. Owns nothing. */
export class TensorWeights implements WeightSource {
  private readonly tensors: ReadonlyMap<string, Tensor>;

  constructor(tensors: ReadonlyMap<string, Tensor>) {
    this.tensors = tensors;
  }

  get(slot: ParameterSlot): Tensor {
    const tensor = this.tensors.get(slot.id);
    if (tensor === undefined) throw new Error(`There is no weight for ${slot.id}.`);
    return tensor;
  }
}

export interface VariableEntry {
  readonly variable: Variable;
  /** False for batch-norm scales and shifts and for biases, which weight decay leaves alone. */
  readonly decays: boolean;
}

/** Numbers of the living instances; variable names must be unique in a process. */
const living = new Set<number>();

/** A network's own weights, to be trained from scratch. */
export class VariableWeights implements WeightSource {
  private readonly variables = new Map<string, Variable>();
  private readonly list: readonly VariableEntry[];
  private readonly auxiliaryIds: ReadonlySet<string>;
  private readonly instance: number;

  /**
   * Convolutions are drawn from a normal distribution of variance 2 / fan-in (He et al., 2015), the classifier from one of
   * 1 / fan-in; scales are 1, shifts and biases 0.
   *
   * Variables are named `net<k>/<slot id>` with the smallest k that no living instance has. So a checkpoint of an
   * optimizer finds its variables again when a run continues in another process.
   *
   * @param options.auxiliary whether to make the auxiliary head's as well; its draws come last and change no others
   */
  constructor(plan: NetworkPlan, rng: Rng, options: { readonly auxiliary?: boolean } = {}) {
    let instance = 0;
    while (living.has(instance)) instance += 1;
    living.add(instance);
    this.instance = instance;
    const auxiliary = options.auxiliary === true ? plan.auxiliarySlots : [];
    this.auxiliaryIds = new Set(auxiliary.map((slot) => slot.id));
    this.list = [...plan.slots, ...auxiliary].map((slot) => {
      const variable = tf.tidy(() => tf.variable(tf.tensor(initialValues(slot, rng), [...slot.shape]), true, `net${instance}/${slot.id}`));
      this.variables.set(slot.id, variable);
      return { variable, decays: slot.role !== "scale" && slot.role !== "shift" && slot.role !== "bias" };
    });
  }

  /** Every variable, in the order of the plan's slots; always the same list. */
  entries(): readonly VariableEntry[] {
    return this.list;
  }

  get(slot: ParameterSlot): Tensor {
    const variable = this.variables.get(slot.id);
    if (variable === undefined) throw new Error(`There is no weight for ${slot.id}.`);
    return variable;
  }

  /** Copies of all weights by slot id. */
  export(options: { readonly auxiliary?: boolean } = {}): Record<string, NamedArray> {
    const result: Record<string, NamedArray> = {};
    for (const [id, variable] of this.variables) {
      if (this.auxiliaryIds.has(id) && options.auxiliary !== true) continue;
      result[id] = { shape: [...variable.shape], values: Float32Array.from(variable.dataSync()) };
    }
    return result;
  }

  /**
   * Takes up weights by slot id; copies them. The auxiliary head's may be missing and then stay as they are.
   * @throws Error when another weight is missing or has the wrong shape; nothing changes then
   */
  import(arrays: Readonly<Record<string, NamedArray>>): void {
    const found: [Variable, NamedArray][] = [];
    for (const [id, variable] of this.variables) {
      const array = arrays[id];
      if (array === undefined && this.auxiliaryIds.has(id)) continue;
      checkArray(id, array, variable.shape);
      found.push([variable, array]);
    }
    tf.tidy(() => {
      for (const [variable, { values }] of found) variable.assign(tf.tensor(Float32Array.from(values), variable.shape));
    });
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
    this.variables.clear();
    living.delete(this.instance);
  }
}

/** @throws Error unless there is an array of the shape */
export function checkArray(name: string, array: NamedArray | undefined, shape: readonly number[]): asserts array is NamedArray {
  if (array === undefined) throw new Error(`The array ${name} is missing.`);
  const size = shape.reduce((product, length) => product * length, 1);
  if (array.shape.length !== shape.length || array.shape.some((length, axis) => length !== shape[axis]) || array.values.length !== size)
    throw new Error(`The array ${name} has shape [${array.shape.join(", ")}] with ${array.values.length} values, not [${shape.join(", ")}].`);
}

function initialValues(slot: ParameterSlot, rng: Rng): Float32Array {
  const values = new Float32Array(slot.shape.reduce((product, length) => product * length, 1));
  switch (slot.role) {
    case "scale":
      return values.fill(1);
    case "shift":
    case "bias":
      return values;
    default: {
      const deviation = Math.sqrt((slot.role === "classifier" ? 1 : 2) / slot.fanIn);
      for (let i = 0; i < values.length; i++) values[i] = deviation * rng.normal();
      return values;
    }
  }
}
