import { at } from "../ops/kernels.ts";
import { type Tensor1D, tf } from "../ops/tf.ts";
import type { AdamOptions, SgdOptions } from "../ops/types.ts";
import { composedSplit, type UpdateRule, type VectorOperations } from "./optimizer.ts";

/** The update rules of a backend. Each function creates a rule for `size` parameters. @throws Error for an option out of range */
export interface UpdateRules extends VectorOperations {
  adam(size: number, options: AdamOptions): UpdateRule;
  sgd(size: number, options: SgdOptions): UpdateRule;
}

interface AdamNumbers {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Options with defaults filled in. @throws Error for a value out of range */
export function adamNumbers({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): AdamNumbers {
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) throw new Error(`Adam: beta1 and beta2 must be in [0, 1) but are ${beta1} and ${beta2}.`);
  if (!(epsilon > 0)) throw new Error(`Adam: epsilon must be positive but is ${epsilon}.`);
  return { beta1, beta2, epsilon };
}

/** Options with defaults filled in. @throws Error for a value out of range */
export function sgdNumbers({ momentum = 0.9, nesterov = false }: SgdOptions): { momentum: number; nesterov: boolean } {
  if (!(momentum >= 0 && momentum < 1)) throw new Error(`SGD: momentum must be in [0, 1) but is ${momentum}.`);
  return { momentum, nesterov };
}

/** Update rules composed of tfjs operations, for any backend. */
export function composedUpdateRules(): UpdateRules {
  return {
    adam(size, options) {
      const { beta1, beta2, epsilon } = adamNumbers(options);
      return new ComposedRule(size, ["m", "v"], (parameters, moments, gradient, learningRate, step) => {
        const m = tf.add(tf.mul(at(moments, 0), beta1), tf.mul(gradient, 1 - beta1));
        const v = tf.add(tf.mul(at(moments, 1), beta2), tf.mul(tf.square(gradient), 1 - beta2));
        const root = Math.sqrt(1 - beta2 ** step);
        const change = tf.mul(tf.div(m, tf.add(tf.sqrt(v), epsilon * root)), (learningRate * root) / (1 - beta1 ** step));
        return [tf.sub(parameters, change), m, v] as Tensor1D[];
      });
    },
    sgd(size, options) {
      const { momentum, nesterov } = sgdNumbers(options);
      return new ComposedRule(size, ["momentum"], (parameters, moments, gradient, learningRate) => {
        const velocity = tf.add(tf.mul(at(moments, 0), momentum), gradient);
        const direction = nesterov ? tf.add(gradient, tf.mul(velocity, momentum)) : velocity;
        return [tf.sub(parameters, tf.mul(direction, learningRate)), velocity] as Tensor1D[];
      });
    },
    split: composedSplit,
    // In double precision: tfjs's sums on wasm add up float32 values one by one and lose 1 % over 12 million of them.
    norm: (vector) => euclideanNorm(vector.dataSync<"float32">()),
  };
}

/** Norm of an array, summed in double precision. */
function euclideanNorm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    sum += value * value;
  }
  return Math.sqrt(sum);
}

type ComposedUpdate = (parameters: Tensor1D, moments: readonly Tensor1D[], gradient: Tensor1D, learningRate: number, step: number) => Tensor1D[];

class ComposedRule implements UpdateRule {
  readonly momentNames: readonly string[];
  private readonly compute: ComposedUpdate;
  private parameters: Tensor1D;
  private current: Tensor1D[];

  constructor(size: number, momentNames: readonly string[], compute: ComposedUpdate) {
    this.momentNames = momentNames;
    this.compute = compute;
    this.parameters = tf.keep(tf.zeros([size]));
    this.current = momentNames.map(() => tf.keep(tf.zeros([size])));
  }

  load(parameters: Tensor1D): void {
    this.parameters.dispose();
    this.parameters = tf.keep(parameters.clone());
  }

  update(gradient: Tensor1D, learningRate: number, step: number): Tensor1D {
    const [parameters, ...moments] = tf.tidy(() => this.compute(this.parameters, this.current, gradient, learningRate, step));
    if (parameters === undefined) throw new Error("The update returned no parameters.");
    this.load(parameters);
    this.setMoments(moments);
    return parameters;
  }

  moments(): Tensor1D[] {
    return this.current.map((moment) => moment.clone());
  }

  setMoments(moments: readonly Tensor1D[]): void {
    for (const moment of this.current) moment.dispose();
    this.current = moments.map((moment) => tf.keep(moment.clone()));
  }

  dispose(): void {
    this.parameters.dispose();
    for (const moment of this.current) moment.dispose();
  }
}
