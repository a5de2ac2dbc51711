import { at } from "../ops/kernels.ts";
import { type Tensor, type Tensor1D, tf } from "../ops/tf.ts";
import type { UpdateRule } from "../optimizer/optimizer.ts";
import { adamNumbers, sgdNumbers, type UpdateRules } from "../optimizer/update-rules.ts";
import type { NativeAttribute, NativeKernels } from "./native.ts";

/** Update rules that run as one kernel over TensorFlow resource variables. */
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
        // TensorFlow adds epsilon before the bias correction. Scaled like this, it acts after the correction.
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
    norm: (vector) => tf.tidy(() => Math.sqrt(tf.sum(tf.square(vector)).dataSync()[0] ?? Number.NaN)),
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

/** Number of resource variables created so far. */
let resources = 0;

/** Parameters and moments as TensorFlow resource variables; a counter makes their names unique. */
class ResourceRule implements UpdateRule {
  readonly momentNames: readonly string[];
  private readonly native: NativeKernels;
  private readonly dtype: NativeAttribute;
  /** Handles of the parameters and of the moments, in this order. */
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
