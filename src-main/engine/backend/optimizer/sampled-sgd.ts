import { at } from "../ops/kernels.ts";
import { type Tensor, type Tensor1D, tf, type Variable } from "../ops/tf.ts";
import type { NamedArray, OptimizedVariable, Optimizer, OptimizerStep, SgdOptions } from "../ops/types.ts";
import { flatten, sharedZeros } from "./flatten.ts";
import type { VectorOperations } from "./optimizer.ts";
import { sgdNumbers } from "./update-rules.ts";

/**
 * SGD over variables of which each step uses a few, such as the weights on one path through a supernet. Only variables with a gradient move: weights and momentum of all
 * others stay as they are, and a step costs as much as its path, not as much as the supernet.
 */
export class SampledSgd implements Optimizer {
  readonly variables: readonly Variable[];
  private readonly momentum: number;
  private readonly nesterov: boolean;
  private readonly clipNorm: number;
  private readonly vectors: VectorOperations;
  private readonly byName: ReadonlyMap<string, Variable>;
  private readonly decayOf: ReadonlyMap<string, number>;
  /** Momentum of the variables that have had a gradient; that of all others is zero. */
  private readonly velocities = new Map<string, Tensor>();
  private steps = 0;

  /** @throws Error if two variables have the same name, or for an invalid option */
  constructor(variables: readonly OptimizedVariable[], options: SgdOptions, vectors: VectorOperations) {
    const { momentum, nesterov } = sgdNumbers(options);
    const { clipNorm = 0 } = options;
    if (!(clipNorm >= 0)) throw new Error(`clipNorm must not be negative but is ${clipNorm}.`);
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.clipNorm = clipNorm;
    this.vectors = vectors;
    this.variables = variables.map(({ variable }) => variable);
    this.byName = new Map(this.variables.map((variable) => [variable.name, variable]));
    this.decayOf = new Map(variables.map(({ variable, weightDecay = 0 }) => [variable.name, weightDecay]));
    if (this.byName.size !== variables.length) throw new Error("Two variables of the optimizer have the same name.");
  }

  get step(): number {
    return this.steps;
  }

  /**
   * Moves the variables that have a gradient: g += λ w after clipping, v = μ v + g, w −= η v, or w −= η (g + μ v) with Nesterov momentum. The norm that is clipped is that of these gradients.
   * @throws Error for a gradient of an unknown variable or of the wrong shape; then nothing changes
   */
  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): OptimizerStep {
    const sampled = Object.entries(gradients).map(([name, gradient]) => {
      const variable = this.byName.get(name);
      if (variable === undefined) throw new Error(`There is a gradient of ${name}, which is not a variable of this optimizer.`);
      if (gradient.shape.join() !== variable.shape.join())
        throw new Error(`The gradient of ${name} has shape [${gradient.shape.join(", ")}] instead of [${variable.shape.join(", ")}].`);
      return { variable, gradient };
    });
    return tf.tidy((): OptimizerStep => {
      let gradient = flatten(sampled.map((one) => one.gradient));
      const gradientNorm = this.vectors.norm(gradient);
      if (!Number.isFinite(gradientNorm)) return { gradientNorm, applied: false };
      this.steps += 1;
      if (sampled.length === 0) return { gradientNorm, applied: true };
      const list = sampled.map(({ variable }) => variable);
      const weights = flatten(list);
      if (this.clipNorm > 0 && gradientNorm > this.clipNorm) gradient = tf.mul(gradient, this.clipNorm / gradientNorm);
      if (list.some(({ name }) => this.decayOf.get(name) !== 0)) gradient = tf.add(gradient, tf.mul(this.decays(list), weights));
      const velocity = tf.add(tf.mul(this.velocitiesOf(list), this.momentum), gradient) as Tensor1D;
      const direction = this.nesterov ? tf.add(gradient, tf.mul(velocity, this.momentum)) : velocity;
      const shapes = list.map(({ shape }) => shape);
      const moved = this.vectors.split(tf.sub(weights, tf.mul(direction, learningRate)) as Tensor1D, shapes);
      const velocities = this.vectors.split(velocity, shapes);
      for (const [i, variable] of list.entries()) {
        variable.assign(at(moved, i));
        this.setVelocity(variable.name, at(velocities, i));
      }
      return { gradientNorm, applied: true };
    });
  }

  state(): Record<string, NamedArray> {
    const result: Record<string, NamedArray> = { step: { shape: [], values: Float32Array.of(this.steps) } };
    for (const { name, shape, size } of this.variables) {
      const velocity = this.velocities.get(name);
      result[`${name}/momentum`] = { shape: [...shape], values: velocity === undefined ? new Float32Array(size) : Float32Array.from(velocity.dataSync()) };
    }
    return result;
  }

  /** Restores steps and momentum of all variables. Values are copied. @throws Error if a name, shape or the step count does not match; then nothing changes */
  restore(state: Readonly<Record<string, NamedArray>>): void {
    const step = state["step"]?.values[0];
    if (step === undefined || !Number.isInteger(step) || step < 0) throw new Error("The optimizer state has no valid step count.");
    const entries = this.variables.map((variable) => {
      const entry = state[`${variable.name}/momentum`];
      if (entry === undefined || entry.shape.join() !== variable.shape.join() || entry.values.length !== variable.size)
        throw new Error(`The optimizer state has no ${variable.name}/momentum of shape [${variable.shape.join(", ")}].`);
      return { name: variable.name, entry };
    });
    if (Object.keys(state).length !== entries.length + 1)
      throw new Error(`The optimizer state has ${Object.keys(state).length} entries instead of ${entries.length + 1}.`);
    tf.tidy(() => {
      for (const { name, entry } of entries) this.setVelocity(name, tf.tensor(Float32Array.from(entry.values), [...entry.shape]));
    });
    this.steps = step;
  }

  dispose(): void {
    for (const velocity of this.velocities.values()) velocity.dispose();
    this.velocities.clear();
  }

  private velocitiesOf(list: readonly Variable[]): Tensor1D {
    const zeros = sharedZeros();
    return flatten(list.map(({ name, shape }) => this.velocities.get(name) ?? zeros(shape)));
  }

  /** Weight decay of each element. */
  private decays(list: readonly Variable[]): Tensor1D {
    const values = new Float32Array(list.reduce((sum, { size }) => sum + size, 0));
    let offset = 0;
    for (const { name, size } of list) {
      values.fill(this.decayOf.get(name) ?? 0, offset, offset + size);
      offset += size;
    }
    return tf.tensor1d(values);
  }

  private setVelocity(name: string, velocity: Tensor): void {
    this.velocities.get(name)?.dispose();
    this.velocities.set(name, tf.keep(velocity));
  }
}
