/**
 * The engine's own tfjs kernels: names, attributes and gradients. Each backend registers an implementation of every kernel
 * (`tensorflow-kernels.ts`, `wasm-kernels.ts`). The gradients are registered here once for all backends and call kernels themselves.
 * Unlike gradients of `tf.customGrad`, registered gradients are computed only for the arguments that are differentiated.
 */
import { type NamedTensorMap, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, type TensorInfo, tf } from "./tf.ts";

/** Shape of a batch of images [n, height, width, channels] or of a filter [kh, kw, cin, cout]. */
export type Shape4D = readonly [number, number, number, number];

/** Attributes of convolutions, depthwise convolutions and their gradients. */
export interface ConvAttributes {
  readonly stride: number;
  readonly padding: "SAME" | "VALID";
}

/** Attributes of the direct depthwise convolution. */
export interface DirectAttributes {
  readonly dilation: number;
  /** Applies ReLU to x first. */
  readonly relu: boolean;
}

export interface PoolAttributes {
  readonly size: number;
  readonly stride: number;
}

/** Inputs of a kernel by name. */
type Inputs<K extends string> = Readonly<Record<K, TensorInfo>>;

/** The kernels of a backend. The caller checks shapes; intermediate tensors may be left to the enclosing `tf.tidy`. */
export interface KernelImplementations {
  conv2d(inputs: Inputs<"x" | "w">, attributes: ConvAttributes): TensorInfo;
  conv2dInputGradient(inputs: Inputs<"dy" | "w">, attributes: ConvAttributes & { readonly inputShape: Shape4D }): TensorInfo;
  conv2dFilterGradient(inputs: Inputs<"x" | "dy">, attributes: ConvAttributes & { readonly filterShape: Shape4D }): TensorInfo;
  depthwise(inputs: Inputs<"x" | "w">, attributes: ConvAttributes): TensorInfo;
  depthwiseInputGradient(inputs: Inputs<"dy" | "w">, attributes: ConvAttributes & { readonly inputShape: Shape4D }): TensorInfo;
  depthwiseFilterGradient(inputs: Inputs<"x" | "dy">, attributes: ConvAttributes & { readonly filterShape: Shape4D }): TensorInfo;
  /**
   * Optional: depthwise convolution of x or of ReLU(x) with stride 1, SAME padding and dilation; filters are k × k with k 3, 5 or 7.
   * Backends without it compose it from other kernels.
   */
  depthwiseDirect?(inputs: Inputs<"x" | "w">, attributes: DirectAttributes): TensorInfo;
  depthwiseDirectInputGradient?(inputs: Inputs<"dy" | "x" | "w">, attributes: DirectAttributes): TensorInfo;
  depthwiseDirectFilterGradient?(inputs: Inputs<"dy" | "x" | "w">, attributes: DirectAttributes): TensorInfo;
  /** y, batch mean, unbiased batch variance, and three tensors that the gradient needs. */
  batchNorm(inputs: Inputs<"x" | "gamma" | "beta">, attributes: { readonly epsilon: number }): TensorInfo[];
  /** Gradients with respect to x, gamma and beta. */
  batchNormGradient(inputs: Inputs<"dy" | "x" | "gamma" | "saved1" | "saved2" | "saved3">, attributes: { readonly epsilon: number }): TensorInfo[];
  batchNormInference(inputs: Inputs<"x" | "gamma" | "beta" | "mean" | "variance">, attributes: { readonly epsilon: number }): TensorInfo;
  batchNormInferenceGradient(inputs: Inputs<"dy" | "x" | "gamma" | "mean" | "variance">, attributes: { readonly epsilon: number }): TensorInfo[];
  relu(inputs: Inputs<"x">): TensorInfo;
  /** dy where y > 0, else 0. */
  reluGradient(inputs: Inputs<"dy" | "y">): TensorInfo;
  /** y, and a backend-specific tensor that the gradient needs. */
  maxPool(inputs: Inputs<"x">, attributes: PoolAttributes): TensorInfo[];
  maxPoolGradient(inputs: Inputs<"dy" | "x" | "y" | "saved">, attributes: PoolAttributes): TensorInfo;
  avgPool(inputs: Inputs<"x">, attributes: PoolAttributes): TensorInfo;
  avgPoolGradient(inputs: Inputs<"dy">, attributes: PoolAttributes & { readonly inputShape: Shape4D }): TensorInfo;
  globalAveragePool(inputs: Inputs<"x">): TensorInfo;
  globalAveragePoolGradient(inputs: Inputs<"dy">, attributes: { readonly inputShape: Shape4D }): TensorInfo;
  /** Losses [n], and the gradient of each loss with respect to its logits [n, classes]. */
  softmaxCrossEntropy(inputs: Inputs<"logits" | "labels">): TensorInfo[];
  resizeNearest(inputs: Inputs<"x">, attributes: { readonly factor: number }): TensorInfo;
  resizeNearestGradient(inputs: Inputs<"dy">, attributes: { readonly factor: number }): TensorInfo;
}

type KernelKey = keyof KernelImplementations;

const kernelName = (key: KernelKey): string => `Engine.${key}`;

/** Runs a kernel of the active backend and records it on the gradient tape. */
function run(key: KernelKey, inputs: Readonly<Record<string, Tensor>>, attributes: object = {}): Tensor | Tensor[] {
  const call: { inputs: NamedTensorMap; attrs: Record<string, unknown> } = { inputs: { ...inputs }, attrs: { ...attributes } };
  return tf.engine().runKernel(kernelName(key), call.inputs, call.attrs as Parameters<ReturnType<typeof tf.engine>["runKernel"]>[2]);
}

function runOne<T extends Tensor>(key: KernelKey, inputs: Readonly<Record<string, Tensor>>, attributes?: object): T {
  const output = run(key, inputs, attributes);
  if (Array.isArray(output)) throw new Error(`Kernel ${key} returned several outputs instead of one.`);
  return output as T;
}

function runMany(key: KernelKey, inputs: Readonly<Record<string, Tensor>>, attributes?: object): Tensor[] {
  const output = run(key, inputs, attributes);
  if (!Array.isArray(output)) throw new Error(`Kernel ${key} returned one output instead of several.`);
  return output;
}

/** Registers a backend's kernels under the engine's names. Call once per backend and process. */
export function registerKernels(backendName: string, implementations: KernelImplementations): void {
  for (const [key, implementation] of Object.entries(implementations)) {
    const call = implementation as (inputs: unknown, attributes: unknown) => TensorInfo | TensorInfo[];
    tf.registerKernel({
      kernelName: kernelName(key as KernelKey),
      backendName,
      kernelFunc: ({ inputs, attrs }) => call.call(implementations, inputs, attrs),
    });
  }
}

/** The element at `index`, which must exist. @throws Error otherwise */
export function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`There is no element ${index} in a list of ${list.length}.`);
  return item;
}

/** The shape of a tensor of rank 4; `what` names it in the error. @throws Error for another rank */
export function shape4(tensor: TensorInfo, what: string): Shape4D {
  const [a, b, c, d, ...rest] = tensor.shape;
  if (a === undefined || b === undefined || c === undefined || d === undefined || rest.length > 0) {
    throw new Error(`${what} must have four dimensions but has shape [${tensor.shape.join(", ")}].`);
  }
  return [a, b, c, d];
}

const single = (dy: Tensor | Tensor[]): Tensor => (Array.isArray(dy) ? at(dy, 0) : dy);

let gradientsRegistered = false;

/** Registers the gradients of the engine's kernels for every backend. Idempotent. */
export function registerGradients(): void {
  if (gradientsRegistered) return;
  gradientsRegistered = true;

  for (const [key, inputKey, filterKey] of [
    ["conv2d", "conv2dInputGradient", "conv2dFilterGradient"],
    ["depthwise", "depthwiseInputGradient", "depthwiseFilterGradient"],
  ] as const) {
    tf.registerGradient({
      kernelName: kernelName(key),
      inputsToSave: ["x", "w"],
      gradFunc: (dys, saved, attrs) => {
        const dy = single(dys);
        const x = at(saved, 0);
        const w = at(saved, 1);
        return {
          x: () => runOne(inputKey, { dy, w }, { ...attrs, inputShape: x.shape }),
          w: () => runOne(filterKey, { x, dy }, { ...attrs, filterShape: w.shape }),
        };
      },
    });
  }

  tf.registerGradient({
    kernelName: kernelName("depthwiseDirect"),
    inputsToSave: ["x", "w"],
    gradFunc: (dys, saved, attrs) => {
      const inputs = { dy: single(dys), x: at(saved, 0), w: at(saved, 1) };
      return { x: () => runOne("depthwiseDirectInputGradient", inputs, attrs), w: () => runOne("depthwiseDirectFilterGradient", inputs, attrs) };
    },
  });

  tf.registerGradient({
    kernelName: kernelName("batchNorm"),
    inputsToSave: ["x", "gamma"],
    outputsToSave: [false, false, false, true, true, true],
    gradFunc: (dys, saved, attrs) => {
      const [x, gamma, saved1, saved2, saved3] = [at(saved, 0), at(saved, 1), at(saved, 2), at(saved, 3), at(saved, 4)];
      // Computed here and not inside the three functions: tfjs wraps each of those in a tidy, which would dispose the other results.
      const all = runMany("batchNormGradient", { dy: single(dys), x, gamma, saved1, saved2, saved3 }, attrs);
      return { x: () => at(all, 0), gamma: () => at(all, 1), beta: () => at(all, 2) };
    },
  });

  tf.registerGradient({
    kernelName: kernelName("batchNormInference"),
    inputsToSave: ["x", "gamma", "mean", "variance"],
    gradFunc: (dys, saved, attrs) => {
      const [x, gamma, mean, variance] = [at(saved, 0), at(saved, 1), at(saved, 2), at(saved, 3)];
      const all = runMany("batchNormInferenceGradient", { dy: single(dys), x, gamma, mean, variance }, attrs);
      const none = (): Tensor => {
        throw new Error("batchNormInference has no gradient with respect to mean and variance.");
      };
      return { x: () => at(all, 0), gamma: () => at(all, 1), beta: () => at(all, 2), mean: none, variance: none };
    },
  });

  tf.registerGradient({
    kernelName: kernelName("relu"),
    outputsToSave: [true],
    gradFunc: (dys, saved) => ({ x: () => runOne("reluGradient", { dy: single(dys), y: at(saved, 0) }) }),
  });

  tf.registerGradient({
    kernelName: kernelName("maxPool"),
    inputsToSave: ["x"],
    outputsToSave: [true, true],
    gradFunc: (dys, saved, attrs) => {
      const [x, y, extra] = [at(saved, 0), at(saved, 1), at(saved, 2)];
      return { x: () => runOne("maxPoolGradient", { dy: single(dys), x, y, saved: extra }, attrs) };
    },
  });

  tf.registerGradient({
    kernelName: kernelName("avgPool"),
    inputsToSave: ["x"],
    gradFunc: (dys, saved, attrs) => ({ x: () => runOne("avgPoolGradient", { dy: single(dys) }, { ...attrs, inputShape: at(saved, 0).shape }) }),
  });

  tf.registerGradient({
    kernelName: kernelName("globalAveragePool"),
    inputsToSave: ["x"],
    gradFunc: (dys, saved) => ({ x: () => runOne("globalAveragePoolGradient", { dy: single(dys) }, { inputShape: at(saved, 0).shape }) }),
  });

  tf.registerGradient({
    kernelName: kernelName("softmaxCrossEntropy"),
    outputsToSave: [false, true],
    gradFunc: (dys, saved) => ({
      logits: () => tf.mul(tf.expandDims(single(dys), 1), at(saved, 0)),
      labels: () => {
        throw new Error("softmaxCrossEntropy has no gradient with respect to labels.");
      },
    }),
  });

  tf.registerGradient({
    kernelName: kernelName("resizeNearest"),
    gradFunc: (dys, _saved, attrs) => ({ x: () => runOne("resizeNearestGradient", { dy: single(dys) }, attrs) }),
  });
}

/** Typed kernel calls for `ops.ts`. */
export const kernels = {
  conv2d: (x: Tensor4D, w: Tensor4D, attributes: ConvAttributes): Tensor4D => runOne("conv2d", { x, w }, attributes),
  depthwise: (x: Tensor4D, w: Tensor4D, attributes: ConvAttributes): Tensor4D => runOne("depthwise", { x, w }, attributes),
  /** Whether the active backend has the direct depthwise convolution. */
  hasDirectDepthwise: (): boolean => tf.getKernel(kernelName("depthwiseDirect"), tf.getBackend()) !== undefined,
  depthwiseDirect: (x: Tensor4D, w: Tensor4D, attributes: DirectAttributes): Tensor4D => runOne("depthwiseDirect", { x, w }, attributes),
  batchNorm: (x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, epsilon: number): Tensor[] => runMany("batchNorm", { x, gamma, beta }, { epsilon }),
  batchNormInference: (x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, mean: Tensor1D, variance: Tensor1D, epsilon: number): Tensor4D =>
    runOne("batchNormInference", { x, gamma, beta, mean, variance }, { epsilon }),
  relu: <T extends Tensor>(x: T): T => runOne<T>("relu", { x }),
  maxPool: (x: Tensor4D, attributes: PoolAttributes): Tensor4D => at(runMany("maxPool", { x }, attributes), 0) as Tensor4D,
  avgPool: (x: Tensor4D, attributes: PoolAttributes): Tensor4D => runOne("avgPool", { x }, attributes),
  globalAveragePool: (x: Tensor4D): Tensor2D => runOne("globalAveragePool", { x }),
  softmaxCrossEntropy: (logits: Tensor2D, labels: Tensor1D): Tensor1D => at(runMany("softmaxCrossEntropy", { logits, labels }), 0) as Tensor1D,
  resizeNearest: (x: Tensor4D, factor: number): Tensor4D => runOne("resizeNearest", { x }, { factor }),
};
