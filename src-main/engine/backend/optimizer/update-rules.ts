import { at } from "../ops/kernels.ts";
import { type Tensor, type Tensor1D, tf } from "../ops/tf.ts";
import type { AdamOptions, SgdOptions } from "../ops/types.ts";
import type { NativeAttribute, NativeKernels } from "../tensorflow/native.ts";
import type { Split, UpdateRule } from "./optimizer.ts";

/** Makes a rule for `size` parameters. */
export interface UpdateRules {
  adam(size: number, options: AdamOptions): UpdateRule;
  sgd(size: number, options: SgdOptions): UpdateRule;
  readonly split: Split;
}

interface AdamNumbers {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

function adamNumbers({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): AdamNumbers {
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1)) throw new Error(`Adam: beta1 and beta2 must lie in [0, 1) but are ${beta1} and ${beta2}.`);
  if (!(epsilon > 0)) throw new Error(`Adam: epsilon must be positive but is ${epsilon}.`);
  return { beta1, beta2, epsilon };
}

function sgdNumbers({ momentum = 0.9, nesterov = false }: SgdOptions): { momentum: number; nesterov: boolean } {
  if (!(momentum >= 0 && momentum < 1)) throw new Error(`SGD: momentum must lie in [0, 1) but is ${momentum}.`);
  return { momentum, nesterov };
}

/** Updates as one kernel over TensorFlow resource variables. */
export function nativeUpdateRules(native: NativeKernels): UpdateRules {
  const float = native.type("T", "float32");
  const locking = native.bool("use_locking", false);
  const splitAttributes = (parts: number): NativeAttribute[] => [float, native.type("Tlen", "int32"), native.int("num_split", parts)];
  const reshapeAttributes = [float, native.type("Tshape", "int32")];

  return {
    adam(size, options) {
      const { beta1, beta2, epsilon } = adamNumbers(options);
      const attributes = [float, locking, native.bool("use_nesterov", false)];
      return new ResourceRule(native, size, ["m", "v"], (variables, gradient, learningRate, step) => {
        const power1 = beta1 ** step;
        const power2 = beta2 ** step;
        // TensorFlow divides by sqrt(v) + epsilon before the bias correction; scaled so, epsilon acts after it.
        const scalars = [power1, power2, learningRate, beta1, beta2, epsilon * Math.sqrt(1 - power2)].map((value) => tf.scalar(value));
        native.runMany("ResourceApplyAdam", attributes, [...variables, ...scalars, gradient], 0);
      });
    },
    sgd(size, options) {
      const { momentum, nesterov } = sgdNumbers(options);
      const attributes = [float, locking, native.bool("use_nesterov", nesterov)];
      return new ResourceRule(native, size, ["momentum"], (variables, gradient, learningRate) => {
        native.runMany("ResourceApplyMomentum", attributes, [...variables, tf.scalar(learningRate), gradient, tf.scalar(momentum)], 0);
      });
    },
    split(vector, shapes) {
      const sizes = shapes.map((shape) => shape.reduce((product, length) => product * length, 1));
      const parts =
        sizes.length === 1 ? [vector] : native.runMany("SplitV", splitAttributes(sizes.length), [vector, native.vector(sizes), native.int32(0)], sizes.length);
      return parts.map((part, index) => {
        const shape = at(shapes, index);
        return shape.length === 1 ? part.clone() : native.run("Reshape", reshapeAttributes, [part, native.vector(shape)]);
      });
    },
  };
}

let resources = 0;

/** Parameters and moments as TensorFlow resource variables, named apart by a counter. */
class ResourceRule implements UpdateRule {
  readonly momentNames: readonly string[];
  private readonly native: NativeKernels;
  private readonly dtype: NativeAttribute;
  /** Handles of the parameters and then of the moments. */
  private readonly handles: readonly Tensor[];
  private readonly applyTo: (handles: readonly Tensor[], gradient: Tensor1D, learningRate: number, step: number) => void;

  constructor(
    native: NativeKernels,
    size: number,
    momentNames: readonly string[],
    applyTo: (handles: readonly Tensor[], gradient: Tensor1D, learningRate: number, step: number) => void,
  ) {
    this.native = native;
    this.momentNames = momentNames;
    this.applyTo = applyTo;
    this.dtype = native.type("dtype", "float32");
    this.handles = ["parameters", ...momentNames].map((name) => {
      resources += 1;
      const attributes = [
        native.string("container", ""),
        native.string("shared_name", `optimizer-${process.pid}-${resources}-${name}`),
        this.dtype,
        native.shape("shape", [size]),
      ];
      return tf.keep(native.run("VarHandleOp", attributes, []));
    });
    tf.tidy(() => {
      for (const handle of this.handles) this.assign(handle, tf.zeros([size]));
    });
  }

  load(parameters: Tensor1D): void {
    this.assign(at(this.handles, 0), parameters);
  }

  update(gradient: Tensor1D, learningRate: number, step: number): Tensor1D {
    this.applyTo(this.handles, gradient, learningRate, step);
    return this.read(at(this.handles, 0));
  }

  moments(): Tensor1D[] {
    return this.handles.slice(1).map((handle) => this.read(handle));
  }

  setMoments(moments: readonly Tensor1D[]): void {
    for (const [index, moment] of moments.entries()) this.assign(at(this.handles, index + 1), moment);
  }

  dispose(): void {
    for (const handle of this.handles) {
      this.native.runMany("DestroyResourceOp", [this.native.bool("ignore_lookup_error", true)], [handle], 0);
      handle.dispose();
    }
  }

  private read(handle: Tensor): Tensor1D {
    return this.native.run("ReadVariableOp", [this.dtype], [handle]) as Tensor1D;
  }

  private assign(handle: Tensor, value: Tensor): void {
    this.native.runMany("AssignVariableOp", [this.dtype], [handle, value], 0);
  }
}

/** Updates composed of tfjs operations, for any backend. */
export function composedUpdateRules(split: Split): UpdateRules {
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
    split,
  };
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
    if (parameters === undefined) throw new Error("An update gave no parameters.");
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
