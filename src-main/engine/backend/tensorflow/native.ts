import { type DataType, type Tensor, type TensorInfo, tf } from "../ops/tf.ts";

/** An attribute of a TensorFlow operation, as the binding expects it. */
export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** The part of the tfjs-node binding that is used here. */
interface Binding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_Version: string;
}

/** The part of tfjs-node's `NodeJSKernelBackend` that is used here. */
interface NodeBackend {
  readonly binding: Binding;
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(name: string, attributes: readonly NativeAttribute[], inputs: readonly TensorInfo[]): Tensor;
  executeMultipleOutputs(name: string, attributes: readonly NativeAttribute[], inputs: readonly TensorInfo[], outputs: number): Tensor[];
}

/**
 * Runs TensorFlow operations by name. A thin, typed layer over the binding that creates attributes and caches recurring constants (shapes, axes)
 * as tensors.
 */
export class NativeKernels {
  readonly version: string;
  readonly usesGpu: boolean;
  private readonly backend: NodeBackend;
  private readonly constants = new Map<string, Tensor>();

  /** @throws Error if the active tfjs backend is not TensorFlow */
  constructor() {
    const backend: unknown = tf.backend();
    if (!isNodeBackend(backend)) throw new Error("The active tfjs backend is not TensorFlow.");
    this.backend = backend;
    this.version = backend.binding.TF_Version;
    this.usesGpu = backend.isUsingGpuDevice;
  }

  string(name: string, value: string): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_STRING, value };
  }
  int(name: string, value: number | readonly number[]): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_INT, value };
  }
  float(name: string, value: number): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_FLOAT, value };
  }
  bool(name: string, value: boolean): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_BOOL, value };
  }
  type(name: string, value: Extract<DataType, "float32" | "int32">): NativeAttribute {
    const binding = this.backend.binding;
    return { name, type: binding.TF_ATTR_TYPE, value: value === "float32" ? binding.TF_FLOAT : binding.TF_INT32 };
  }
  shape(name: string, value: readonly number[]): NativeAttribute {
    return { name, type: this.backend.binding.TF_ATTR_SHAPE, value };
  }

  /** Runs an operation that has one output. @throws Error with TensorFlow's message */
  run(name: string, attributes: readonly NativeAttribute[], inputs: readonly TensorInfo[]): Tensor {
    return this.backend.executeSingleOutput(name, attributes, inputs);
  }

  /** Runs an operation that has `outputs` outputs (0 is allowed). @throws Error with TensorFlow's message */
  runMany(name: string, attributes: readonly NativeAttribute[], inputs: readonly TensorInfo[], outputs: number): Tensor[] {
    return this.backend.executeMultipleOutputs(name, attributes, inputs, outputs);
  }

  /** A cached int32 vector; the caller must not dispose it. */
  vector(values: readonly number[]): Tensor {
    return this.constant(`v${values.join(",")}`, () => tf.tensor1d([...values], "int32"));
  }

  /** A cached int32 scalar; the caller must not dispose it. */
  int32(value: number): Tensor {
    return this.constant(`i${value}`, () => tf.scalar(value, "int32"));
  }

  /** A cached empty float32 vector; the caller must not dispose it. */
  empty(): Tensor {
    return this.constant("empty", () => tf.tensor1d([], "float32"));
  }

  /** Evicts the least recently used entry of a full cache, so that changing batch sizes do not accumulate tensors and constants of the current call stay valid. */
  private constant(key: string, create: () => Tensor): Tensor {
    const cached = this.constants.get(key);
    if (cached !== undefined) {
      this.constants.delete(key);
      this.constants.set(key, cached);
      return cached;
    }
    const oldest = this.constants.size >= 2048 ? this.constants.entries().next().value : undefined;
    if (oldest !== undefined) {
      oldest[1].dispose();
      this.constants.delete(oldest[0]);
    }
    const tensor = tf.keep(create());
    this.constants.set(key, tensor);
    return tensor;
  }
}

function isNodeBackend(backend: unknown): backend is NodeBackend {
  return typeof backend === "object" && backend !== null && "executeMultipleOutputs" in backend && "binding" in backend && "isUsingGpuDevice" in backend;
}
