import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { type Tensor, type Tensor2D, tf, type Variable } from "../backend/ops/tf.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import type { WeightSpace } from "./decoder/branches.ts";
import { Decoder, type ParameterSpec } from "./decoder/decoder.ts";
import { decoderRows } from "./decoder/decoder-rows.ts";
import { initialValues } from "./decoder/initial-values.ts";
import type { WeightGenerator } from "./weight-generator.ts";

/** A GHN beyond this many parameters is a mistake in the config: with its gradient and Adam's moments it would take 8 GB. */
const MAX_PARAMETERS = 500_000_000;

/** Numbers of the living instances: variable names are unique in a process. */
const living = new Set<number>();

/**
 * What generates weights from an embedding of each node: the GHN, and the baselines that embed nodes without its message passing. They share the decoder H, so that
 * a comparison is of the embeddings alone; they share files, checkpoints and names of variables too.
 *
 * One hypernetwork serves one network config and one kind of input.
 */
export abstract class Hypernetwork implements WeightGenerator {
  /** Names are the same in every process with one GHN: `ghn/<name in the file>`. */
  readonly variables: readonly Variable[];
  readonly parameterCount: number;
  readonly config: GhnConfig;
  private readonly space: WeightSpace;
  private readonly decoder: Decoder;
  private readonly byName: ReadonlyMap<string, Variable>;
  private readonly number: number;

  /**
   * @param space networks that it makes weights for
   * @param own parameters of the embedding; those of the decoder follow
   * @param rng draws the initial parameters; without one all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  protected constructor(config: GhnConfig, space: WeightSpace, own: readonly ParameterSpec[], rng: Rng | null) {
    this.config = config;
    this.space = space;
    this.decoder = new Decoder(config.hiddenSize, config.decoderHiddenSize, space);
    const specs = [...own, ...this.decoder.specs];
    this.parameterCount = specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
    checkSize(this.parameterCount);
    this.number = freeNumber();
    const prefix = this.number === 1 ? "ghn" : `ghn${this.number}`;
    this.byName = new Map(specs.map((spec) => [spec.name, createVariable(spec, `${prefix}/${spec.name}`, rng)]));
    this.variables = [...this.byName.values()];
  }

  /**
   * Final embeddings of nodes of the plans, differentiable with respect to the parameters; called in a tidy.
   *
   * @param select nodes, numbered plan by plan and block by block in the order of the graphs' nodes; −1 wants a row of zeros
   * @returns [select.length, D]
   */
  protected abstract embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D;

  /**
   * Generated weights of each plan, by slot id; differentiable once with respect to `variables`. All plans go through embedding and decoder together, with the numbers that each
   * would have alone up to rounding. The caller disposes the weights (or calls in a tidy).
   *
   * @param plans of the network config and input that the GHN was made for
   * @throws Error for plans of another network
   */
  generate(plans: readonly NetworkPlan[]): Map<string, Tensor>[] {
    for (const { graph } of plans) {
      if (graph.blocks.length !== this.space.blocks) throw new Error(`The GHN was made for ${this.space.blocks} blocks, the plan has ${graph.blocks.length}.`);
    }
    const result = plans.map(() => new Map<string, Tensor>());
    if (plans.length === 0) return result;
    const rows = decoderRows(plans, this.space, this.config.fanInNormalisation);
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
   * Takes up parameters that `exportWeights` gave. Values are copied.
   * @throws UserError `ghn-weights-misfit` when a name is missing or unknown or a shape differs; nothing changes then
   */
  importWeights(arrays: Readonly<Record<string, NamedArray>>): void {
    for (const name of Object.keys(arrays)) if (!this.byName.has(name)) throw misfit(`have a part “${name.slice(0, 100)}” that this GHN does not know`);
    for (const [name, variable] of this.byName) {
      const array = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
      if (array === undefined) throw misfit(`lack the part “${name}”`);
      if (array.shape.join() !== variable.shape.join() || array.values.length !== variable.size) {
        throw misfit(`have a part “${name}” of shape [${array.shape.join(", ")}] where [${variable.shape.join(", ")}] is needed`);
      }
    }
    tf.tidy(() => {
      for (const [name, variable] of this.byName) variable.assign(tf.tensor(Float32Array.from(arrays[name]?.values ?? []), variable.shape));
    });
  }

  /** Frees the parameters. */
  dispose(): void {
    for (const variable of this.variables) if (!variable.isDisposed) variable.dispose();
    living.delete(this.number);
  }

  protected parameter(name: string): Variable {
    const variable = this.byName.get(name);
    if (variable === undefined) throw new Error(`The GHN has no parameter ${name}.`);
    return variable;
  }
}

function createVariable({ shape, initial }: ParameterSpec, name: string, rng: Rng | null): Variable {
  const values = rng === null ? new Float32Array(sizeOf(shape)) : initialValues(shape, initial, rng);
  return tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), true, name));
}

function freeNumber(): number {
  let number = 1;
  while (living.has(number)) number += 1;
  living.add(number);
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

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function misfit(what: string): UserError {
  return new UserError(`The weights are not those of this GHN: they ${what}.`, {
    code: "ghn-weights-misfit",
    remedy: "Use the weights with the configuration that they were trained with.",
  });
}
