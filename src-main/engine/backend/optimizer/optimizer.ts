import { at } from "../ops/kernels.ts";
import { type Tensor, type Tensor1D, tf, type Variable } from "../ops/tf.ts";
import type { NamedArray, OptimizedVariable, Optimizer, OptimizerStep } from "../ops/types.ts";
import { flatten, sharedZeros } from "./flatten.ts";

/**
 * The arithmetic of an optimizer on one flat vector of parameters. An instance owns its copy of the parameters and its moments.
 */
export interface UpdateRule {
  /** Names of the moment vectors, in the order of `moments()`. */
  readonly momentNames: readonly string[];
  /** Sets the parameters without changing the moments. Copies the vector. */
  load(parameters: Tensor1D): void;
  /** Performs one update with `gradient` [size]; `step` counts from 1. Returns the new parameters, which the caller disposes. */
  update(gradient: Tensor1D, learningRate: number, step: number): Tensor1D;
  /** Views or copies of the moment vectors, which the caller disposes. */
  moments(): Tensor1D[];
  /** Sets the moments. Copies the vectors. */
  setMoments(moments: readonly Tensor1D[]): void;
  dispose(): void;
}

/** Splits a vector into tensors of the given shapes, which the caller disposes. */
export type SplitVector = (vector: Tensor1D, shapes: readonly (readonly number[])[]) => Tensor[];

/** What an optimizer does with vectors besides its update rule; each backend has its own. */
export interface VectorOperations {
  readonly split: SplitVector;
  /** Euclidean norm. Reads one scalar from the device. */
  readonly norm: (vector: Tensor1D) => number;
}

/**
 * An optimizer that treats all its variables as one vector, so that clipping, weight decay and the update take a few kernel calls regardless of the number of
 * variables; only flattening and splitting need a call per variable. It notices variables that were assigned elsewhere, for example from a checkpoint.
 */
export class FlatOptimizer implements Optimizer {
  readonly variables: readonly Variable[];
  private readonly rule: UpdateRule;
  private readonly split: SplitVector;
  private readonly norm: (vector: Tensor1D) => number;
  private readonly clipNorm: number;
  private readonly shapes: readonly (readonly number[])[];
  private readonly names: ReadonlySet<string>;
  /** Weight decay of each element, or undefined without weight decay. */
  private readonly decay: Tensor1D | undefined;
  /** The parameters as one vector after the last update; only kept for weight decay. */
  private flat: Tensor1D | undefined;
  /** The tensors that the last update assigned to the variables. */
  private assigned: readonly object[] = [];
  private steps = 0;
  private disposed = false;

  /** @throws Error if two variables have the same name, if one is not float32, or for an invalid option */
  constructor(variables: readonly OptimizedVariable[], rule: UpdateRule, { split, norm }: VectorOperations, clipNorm = 0) {
    if (variables.length === 0) throw new Error("An optimizer requires at least one variable.");
    if (!(clipNorm >= 0)) throw new Error(`clipNorm must not be negative but is ${clipNorm}.`);
    this.variables = variables.map(({ variable }) => variable);
    this.names = new Set(this.variables.map(({ name }) => name));
    if (this.names.size !== variables.length) throw new Error("Two variables of the optimizer have the same name.");
    const other = this.variables.find(({ dtype }) => dtype !== "float32");
    if (other !== undefined) throw new Error(`Variable ${other.name} is ${other.dtype}; optimizers require float32.`);
    this.shapes = this.variables.map(({ shape }) => shape);
    this.rule = rule;
    this.split = split;
    this.norm = norm;
    this.clipNorm = clipNorm;
    this.decay = decayVector(variables);
  }

  get step(): number {
    return this.steps;
  }

  apply(gradients: Readonly<Record<string, Tensor>>, learningRate: number): OptimizerStep {
    this.assertAlive();
    for (const name of Object.keys(gradients)) {
      if (!this.names.has(name)) throw new Error(`There is a gradient of ${name}, which is not a variable of this optimizer.`);
    }
    return tf.tidy((): OptimizerStep => {
      const zeros = sharedZeros();
      const ordered = this.variables.map((variable) => {
        const gradient = gradients[variable.name];
        if (gradient === undefined) return zeros(variable.shape);
        if (gradient.shape.join() !== variable.shape.join())
          throw new Error(`The gradient of ${variable.name} has shape [${gradient.shape.join(", ")}] instead of [${variable.shape.join(", ")}].`);
        return gradient;
      });
      let gradient = flatten(ordered);
      const gradientNorm = this.norm(gradient);
      if (!Number.isFinite(gradientNorm)) return { gradientNorm, applied: false };
      this.loadAssignedVariables();
      if (this.clipNorm > 0 && gradientNorm > this.clipNorm) gradient = tf.mul(gradient, this.clipNorm / gradientNorm);
      if (this.decay !== undefined && this.flat !== undefined) gradient = tf.add(gradient, tf.mul(this.decay, this.flat));
      this.flat?.dispose();
      this.flat = undefined;
      this.assign(this.rule.update(gradient, learningRate, this.steps + 1));
      this.steps += 1;
      return { gradientNorm, applied: true };
    });
  }

  state(): Record<string, NamedArray> {
    this.assertAlive();
    const result: Record<string, NamedArray> = { step: { shape: [], values: Float32Array.of(this.steps) } };
    tf.tidy(() => {
      const vectors = this.rule.moments().map((moment) => Float32Array.from(moment.dataSync()));
      let offset = 0;
      for (const variable of this.variables) {
        for (const [index, moment] of this.rule.momentNames.entries()) {
          result[`${variable.name}/${moment}`] = { shape: [...variable.shape], values: at(vectors, index).slice(offset, offset + variable.size) };
        }
        offset += variable.size;
      }
    });
    return result;
  }

  restore(state: Readonly<Record<string, NamedArray>>): void {
    this.assertAlive();
    const step = state["step"]?.values[0];
    if (step === undefined || !Number.isInteger(step) || step < 0) throw new Error("The optimizer state has no valid step count.");
    const expected = this.variables.length * this.rule.momentNames.length + 1;
    if (Object.keys(state).length !== expected) throw new Error(`The optimizer state has ${Object.keys(state).length} entries instead of ${expected}.`);
    const total = this.variables.reduce((sum, { size }) => sum + size, 0);
    const vectors = this.rule.momentNames.map((moment) => {
      const vector = new Float32Array(total);
      let offset = 0;
      for (const variable of this.variables) {
        const name = `${variable.name}/${moment}`;
        const entry = state[name];
        if (entry === undefined || entry.shape.join() !== variable.shape.join() || entry.values.length !== variable.size) {
          throw new Error(`The optimizer state has no ${name} of shape [${variable.shape.join(", ")}].`);
        }
        vector.set(entry.values, offset);
        offset += variable.size;
      }
      return vector;
    });
    tf.tidy(() => this.rule.setMoments(vectors.map((vector) => tf.tensor1d(vector))));
    this.steps = step;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.rule.dispose();
    this.decay?.dispose();
    this.flat?.dispose();
  }

  /** Loads the variables into the rule at the first step, and after one of them was assigned elsewhere. */
  private loadAssignedVariables(): void {
    const current = this.variables.map(({ dataId }) => dataId);
    if (this.assigned.length === current.length && current.every((dataId, index) => dataId === this.assigned[index])) return;
    const flat = flatten(this.variables);
    this.rule.load(flat);
    this.flat?.dispose();
    this.flat = this.decay === undefined ? undefined : tf.keep(flat);
  }

  private assign(parameters: Tensor1D): void {
    for (const [index, part] of this.split(parameters, this.shapes).entries()) at(this.variables, index).assign(part);
    if (this.decay !== undefined) this.flat = tf.keep(parameters);
    this.assigned = this.variables.map(({ dataId }) => dataId);
  }

  private assertAlive(): void {
    if (this.disposed) throw new Error("The optimizer is disposed.");
  }
}

function decayVector(variables: readonly OptimizedVariable[]): Tensor1D | undefined {
  if (variables.every(({ weightDecay = 0 }) => weightDecay === 0)) return undefined;
  const values = new Float32Array(variables.reduce((sum, { variable }) => sum + variable.size, 0));
  let offset = 0;
  for (const { variable, weightDecay = 0 } of variables) {
    if (!(weightDecay >= 0)) throw new Error(`The weight decay of ${variable.name} must not be negative but is ${weightDecay}.`);
    values.fill(weightDecay, offset, offset + variable.size);
    offset += variable.size;
  }
  return tf.keep(tf.tensor1d(values));
}

/** {@link SplitVector} with tfjs operations, for any backend. */
export const composedSplit: SplitVector = (vector, shapes) => {
  const sizes = shapes.map((shape) => shape.reduce((product, length) => product * length, 1));
  const parts = sizes.length === 1 ? [vector] : tf.split(vector, sizes);
  return parts.map((part, index) => tf.reshape(part, [...at(shapes, index)]));
};
