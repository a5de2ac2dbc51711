import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { type Tensor, type Tensor2D, tf, type Variable } from "../backend/ops/tf.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import type { ParameterLayout } from "../spaces/shared/network-family.ts";
import { Decoder } from "./decoder/decoder.ts";
import { decoderRows } from "./decoder/decoder-rows.ts";
import { countParameters, initialValues, type ParameterSpec, sizeOf } from "./decoder/parameter-spec.ts";
import { hypernetworkSpecs } from "./hypernetwork-specs.ts";
import type { WeightGenerator } from "./weight-generator.ts";

/** A larger GHN is a mistake in the config: with its gradient and Adam's moments it would take 8 GB. */
const MAX_PARAMETERS = 500_000_000;

/** Numbers of the instances that are not disposed. TensorFlow.js wants variable names that are unique in the process. */
const numbersInUse = new Set<number>();

/**
 * Generates weights from an embedding of each node: the GHN, and the baselines that embed nodes without its message passing. All share the decoder H, so that comparing
 * them compares the embeddings alone; they also share file format, checkpoints and variable names.
 *
 * A hypernetwork serves one network config and one kind of input.
 */
export abstract class Hypernetwork implements WeightGenerator {
  /** Named `ghn/<name in the file>`; further instances in the same process use `ghn2/…`, `ghn3/…`. */
  readonly variables: readonly Variable[];
  readonly parameterCount: number;
  readonly config: GhnConfig;
  private readonly layout: ParameterLayout;
  private readonly decoder: Decoder;
  private readonly byName: ReadonlyMap<string, Variable>;
  private readonly number: number;

  /**
   * @param layout of the networks that it generates weights for
   * @param own parameters of the embedding; those of the decoder follow
   * @param rng draws the initial parameters; with null all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  protected constructor(config: GhnConfig, layout: ParameterLayout, own: readonly ParameterSpec[], rng: Rng | null) {
    this.config = config;
    this.layout = layout;
    this.decoder = new Decoder(layout, config);
    const specs = hypernetworkSpecs(config, layout, own);
    this.parameterCount = countParameters(specs);
    checkSize(this.parameterCount);
    this.number = freeNumber();
    const prefix = this.number === 1 ? "ghn" : `ghn${this.number}`;
    this.byName = new Map(specs.map((spec) => [spec.name, createVariable(spec, `${prefix}/${spec.name}`, rng)]));
    this.variables = [...this.byName.values()];
  }

  /**
   * Final embeddings of chosen nodes, differentiable with respect to the parameters; called inside a tidy.
   *
   * @param select nodes, numbered plan by plan, block by block, in the order of the graphs' nodes, as pairs of the owner of a weight and the source that it reads; −1 asks for a row of zeros
   * @returns [select.length, D]
   */
  protected abstract embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D;

  /**
   * Generates the weights of each plan, by slot id; differentiable once with respect to `variables`. All plans go through embedding and decoder together and get the
   * numbers that each would get alone, up to rounding. The caller disposes the weights, or calls this inside a tidy.
   *
   * @param plans must have the network config and input that the GHN was made for
   * @throws Error for plans of another network
   */
  generate(plans: readonly NetworkPlan[]): Map<string, Tensor>[] {
    for (const { graph } of plans) {
      if (graph.blocks.length !== this.layout.blocks)
        throw new Error(`The GHN was made for ${this.layout.blocks} blocks, but the plan has ${graph.blocks.length}.`);
    }
    const result = plans.map(() => new Map<string, Tensor>());
    if (plans.length === 0) return result;
    const rows = decoderRows(plans, this.layout, this.config);
    const weights = tf.tidy(() => this.decoder.decode(rows, this.embed(plans, rows.nodes), (name) => this.parameter(name)));
    rows.targets.forEach(({ plan, slot }, i) => {
      const weight = weights[i];
      if (weight !== undefined) result[plan]?.set(slot.id, weight);
    });
    return result;
  }

  /** Copies of all parameters by name. */
  exportWeights(): Record<string, NamedArray> {
    return Object.fromEntries(
      [...this.byName].map(([name, variable]) => [name, { shape: [...variable.shape], values: Float32Array.from(variable.dataSync()) }]),
    );
  }

  /**
   * Sets all parameters to values from `exportWeights`. Values are copied.
   * @throws UserError `ghn-weights-misfit` if a name is missing or unknown, or a shape differs; then nothing has changed
   */
  importWeights(arrays: Readonly<Record<string, NamedArray>>): void {
    for (const name of Object.keys(arrays)) if (!this.byName.has(name)) throw misfit(`have a part “${name.slice(0, 100)}” that this GHN does not have`);
    for (const [name, variable] of this.byName) {
      const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
      if (array === undefined) throw misfit(`lack the part “${name}”`);
      if (array.shape.join() !== variable.shape.join() || array.values.length !== variable.size) {
        throw misfit(`have a part “${name}” of shape [${array.shape.join(", ")}] instead of [${variable.shape.join(", ")}]`);
      }
    }
    tf.tidy(() => {
      for (const [name, variable] of this.byName) variable.assign(tf.tensor(Float32Array.from(arrays[name]?.values ?? []), variable.shape));
    });
  }

  /** Frees the parameters. */
  dispose(): void {
    for (const variable of this.variables) if (!variable.isDisposed) variable.dispose();
    numbersInUse.delete(this.number);
  }

  protected parameter(name: string): Variable {
    const variable = this.byName.get(name);
    if (variable === undefined) throw new Error(`The GHN has no parameter ${name}.`);
    return variable;
  }
}

function createVariable(spec: ParameterSpec, name: string, rng: Rng | null): Variable {
  const values = rng === null ? new Float32Array(sizeOf(spec.shape)) : initialValues(spec, rng);
  return tf.tidy(() => tf.variable(tf.tensor(values, [...spec.shape]), true, name));
}

function freeNumber(): number {
  let number = 1;
  while (numbersInUse.has(number)) number += 1;
  numbersInUse.add(number);
  return number;
}

function checkSize(parameters: number): void {
  if (parameters <= MAX_PARAMETERS) return;
  throw new UserError(`A GHN for this network would have ${parameters.toLocaleString("en")} parameters, more than ${MAX_PARAMETERS.toLocaleString("en")}.`, {
    code: "ghn-too-large",
    remedy: "Choose fewer initial channels or reductions, or a narrower hypernetwork.",
    field: "network.initialChannels",
  });
}

function misfit(what: string): UserError {
  return new UserError(`The weights do not fit this GHN: they ${what}.`, {
    code: "ghn-weights-misfit",
    remedy: "Use the configuration that the weights were trained with.",
  });
}
