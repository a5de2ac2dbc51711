/** Checks of every engine kernel against slow references: odd shapes, strides, dilations, windows and paddings, batch 1, and sizes from which other kernels are used. */
import type { KernelImplementations, Shape4D } from "../../../../src-main/engine/backend/ops/kernels.ts";
import { type Tensor, type TensorInfo, tf } from "../../../../src-main/engine/backend/ops/tf.ts";
import { tensor } from "../support/check.ts";
import { type Dense, dense, distinct, random, statistics, withTies } from "../support/reference.ts";
import { batchNorm, crossEntropy, normalise, normaliseGradients, repeatPixels, sumBlocks } from "./norms.ts";
import { averagePool, convolution, depthwise, maxPool, outputShape, type Sliding } from "./windows.ts";

/** One call of a kernel with the values that it should return. */
export interface KernelCall {
  readonly label: string;
  /** Runs the kernel; its first results are compared with `expected`. */
  readonly run: () => TensorInfo | TensorInfo[];
  readonly expected: readonly Dense[];
  /** Relative to the largest expected value; default 1e-5. */
  readonly tolerance?: number;
}

/** The calls that check a kernel; none if the backend does not have the optional kernel. */
export type KernelCheck = (kernels: KernelImplementations) => Iterable<KernelCall>;

/** [n, height, width, channels]: single pixels, rows and columns, odd sides, images smaller than the window, and channels that do not fill vectors. */
const SHAPES: readonly Shape4D[] = [
  [1, 1, 1, 1],
  [1, 1, 4, 3],
  [2, 4, 4, 5],
  [1, 3, 2, 1],
  [2, 7, 5, 9],
  [1, 9, 8, 16],
  [3, 5, 6, 17],
];
/** Enough multiply-adds for the kernels that are used for large sizes. */
const LARGE_CONVOLUTION: readonly Shape4D[] = [
  [3, 33, 31, 17],
  [1, 40, 42, 24],
];
const LARGE_IMAGES: readonly Shape4D[] = [
  [5, 33, 31, 13],
  [1, 41, 61, 40],
];
const FILTERS = [
  [1, 1],
  [3, 3],
  [1, 7],
  [7, 1],
  [2, 5],
  [5, 5],
] as const;
const STRIDES = [1, 2, 3] as const;
const PADDINGS = ["SAME", "VALID"] as const;
const POOLS = [2, 3, 5] as const;
const EPSILON = 1e-3;

interface ConvolutionCase {
  readonly label: string;
  readonly x: Dense;
  readonly w: Dense;
  readonly dy: Dense;
  readonly window: Sliding & { readonly stride: number };
  readonly shape: Shape4D;
  readonly filterShape: Shape4D;
}

/** Seeds the values of a case, with a different seed for each label. */
function seedOf(label: string): number {
  return [...label].reduce((seed, letter) => (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0, 7);
}

function* convolutionCases(outputs: (channels: number) => number, large: readonly Shape4D[]): Generator<ConvolutionCase> {
  for (const shape of [...SHAPES, ...large])
    for (const kernel of large.includes(shape)
      ? ([
          [1, 1],
          [3, 3],
          [5, 5],
        ] as const)
      : FILTERS)
      for (const stride of STRIDES)
        for (const padding of PADDINGS) {
          const window = { kernel, stride, padding };
          const filterShape: Shape4D = [kernel[0], kernel[1], shape[3], outputs(shape[3])];
          const [n, height, width] = outputShape({ shape }, window, 1);
          if (height === 0 || width === 0) continue;
          const label = `[${shape.join()}] filter ${kernel.join("×")} → ${filterShape[3]}, stride ${stride}, ${padding}`;
          const seed = seedOf(label);
          const dy = random([n, height, width, outputs(1) === 1 ? shape[3] : filterShape[3]], seed + 2);
          yield { label, x: random(shape, seed), w: random(filterShape, seed + 1), dy, window, shape, filterShape };
        }
}

/** Output channels other than the input's. */
const fullCases = (): Iterable<ConvolutionCase> => convolutionCases((channels) => channels + 2, LARGE_CONVOLUTION);
const depthwiseCases = (): Iterable<ConvolutionCase> => convolutionCases(() => 1, LARGE_IMAGES);

interface DirectCase {
  readonly label: string;
  readonly x: Dense;
  /** x, or ReLU(x). */
  readonly read: Dense;
  readonly w: Dense;
  readonly dy: Dense;
  readonly window: Sliding;
  readonly attributes: { readonly dilation: number; readonly relu: boolean };
}

function* directCases(): Generator<DirectCase> {
  const shapes: readonly Shape4D[] = [...SHAPES, [20, 3, 3, 2], [1, 33, 33, 7], [2, 17, 19, 70]];
  for (const shape of shapes)
    for (const k of [3, 5, 7])
      for (const dilation of [1, 2, 3])
        for (const relu of [false, true]) {
          const label = `[${shape.join()}] filter ${k}×${k}, dilation ${dilation}${relu ? ", ReLU" : ""}`;
          const seed = seedOf(label);
          const x = random(shape, seed);
          const read = relu ? rectified(x) : x;
          const attributes = { dilation, relu };
          const window: Sliding = { kernel: [k, k], stride: 1, dilation, padding: "SAME" };
          yield { label, x, read, w: random([k, k, shape[3], 1], seed + 1), dy: random(shape, seed + 2), window, attributes };
        }
}

const rectified = (x: Dense): Dense =>
  dense(
    x.shape,
    x.values.map((value) => Math.max(0, value)),
  );

interface PoolCase {
  readonly label: string;
  readonly shape: Shape4D;
  readonly window: Sliding;
  readonly attributes: { readonly size: number; readonly stride: number };
}

function* poolCases(): Generator<PoolCase> {
  const shapes: readonly Shape4D[] = [...SHAPES, [2, 4, 7, 3], [1, 7, 4, 2], [1, 4, 4, 1], [2, 6, 3, 3], ...LARGE_IMAGES, [1, 4, 8192, 3]];
  for (const shape of shapes)
    for (const size of POOLS)
      for (const stride of STRIDES)
        yield {
          label: `[${shape.join()}] window ${size}, stride ${stride}`,
          shape,
          window: { kernel: [size, size], stride, padding: "SAME" },
          attributes: { size, stride },
        };
}

function outputOf({ shape, window }: PoolCase): Shape4D {
  return outputShape({ shape }, window, shape[3]);
}

interface NormCase {
  readonly label: string;
  readonly x: Dense;
  readonly dy: Dense;
  readonly gamma: Dense;
  readonly beta: Dense;
  readonly mean: Dense;
  readonly variance: Dense;
}

/** @param minimum smallest number of pixels: the batch statistics of a single pixel are degenerate */
function* normCases(minimum = 1): Generator<NormCase> {
  const shapes: readonly Shape4D[] = [...SHAPES, [1, 3, 1, 70], [7, 11, 13, 1], [4, 33, 33, 7], [9, 16, 16, 32]];
  for (const shape of shapes.filter(([n, h, w]) => n * h * w >= minimum))
    for (const shift of [0, 5]) {
      const label = `[${shape.join()}]${shift === 0 ? "" : `, mean ${shift}`}`;
      const seed = seedOf(label);
      const vector = [shape[3]];
      const variance = random(vector, seed + 5).values.map((value) => Math.fround(value + 1.5));
      const x = random(shape, seed).values.map((value) => Math.fround(value + shift));
      yield {
        label,
        x: dense(shape, x),
        dy: random(shape, seed + 1),
        gamma: random(vector, seed + 2),
        beta: random(vector, seed + 3),
        mean: random(vector, seed + 4),
        variance: dense(vector, variance),
      };
    }
}

const tensors = (record: Readonly<Record<string, Dense>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, tensor(value)]));

type Named<K extends string> = Readonly<Record<K, Tensor>>;
const named = <K extends string>(record: Readonly<Record<K, Dense>>): Named<K> => tensors(record) as Named<K>;

/** Tolerance of batch norm far from zero, where float32 loses digits of x - mean. */
const normTolerance = (label: string): number => (label.includes("mean") ? 1e-4 : 1e-5);

/** One check per kernel; the type requires one for every kernel that a backend implements. */
export const KERNEL_CHECKS: { readonly [K in keyof Required<KernelImplementations>]: KernelCheck } = {
  *conv2d(kernels) {
    for (const { label, x, w, window } of fullCases())
      yield { label, run: () => kernels.conv2d(named({ x, w }), attributesOf(window)), expected: [convolution.forward(x, w, window)] };
  },
  *conv2dInputGradient(kernels) {
    for (const { label, w, dy, window, shape } of fullCases())
      yield {
        label,
        run: () => kernels.conv2dInputGradient(named({ dy, w }), { ...attributesOf(window), inputShape: shape }),
        expected: [convolution.inputGradient(dy, w, shape, window)],
      };
  },
  *conv2dFilterGradient(kernels) {
    for (const { label, x, dy, window, filterShape } of fullCases())
      yield {
        label,
        run: () => kernels.conv2dFilterGradient(named({ x, dy }), { ...attributesOf(window), filterShape }),
        expected: [convolution.filterGradient(x, dy, filterShape, window)],
      };
  },
  *depthwise(kernels) {
    for (const { label, x, w, window } of depthwiseCases())
      yield { label, run: () => kernels.depthwise(named({ x, w }), attributesOf(window)), expected: [depthwise.forward(x, w, window)] };
  },
  *depthwiseInputGradient(kernels) {
    for (const { label, w, dy, window, shape } of depthwiseCases())
      yield {
        label,
        run: () => kernels.depthwiseInputGradient(named({ dy, w }), { ...attributesOf(window), inputShape: shape }),
        expected: [depthwise.inputGradient(dy, w, shape, window)],
      };
  },
  *depthwiseFilterGradient(kernels) {
    for (const { label, x, dy, window, filterShape } of depthwiseCases())
      yield {
        label,
        run: () => kernels.depthwiseFilterGradient(named({ x, dy }), { ...attributesOf(window), filterShape }),
        expected: [depthwise.filterGradient(x, dy, filterShape, window)],
      };
  },
  *depthwiseDirect({ depthwiseDirect: kernel }) {
    if (kernel === undefined) return;
    for (const { label, x, read, w, window, attributes } of directCases())
      yield { label, run: () => kernel(named({ x, w }), attributes), expected: [depthwise.forward(read, w, window)] };
  },
  *depthwiseDirectInputGradient({ depthwiseDirectInputGradient: kernel }) {
    if (kernel === undefined) return;
    for (const { label, x, w, dy, window, attributes } of directCases()) {
      const gradient = depthwise.inputGradient(dy, w, x.shape, window);
      const masked = gradient.values.map((value, i) => (attributes.relu && !((x.values[i] ?? 0) > 0) ? 0 : value));
      yield { label, run: () => kernel(named({ dy, x, w }), attributes), expected: [dense(x.shape, masked)] };
    }
  },
  *depthwiseDirectFilterGradient({ depthwiseDirectFilterGradient: kernel }) {
    if (kernel === undefined) return;
    for (const { label, x, read, w, dy, window, attributes } of directCases())
      yield { label, run: () => kernel(named({ dy, x, w }), attributes), expected: [depthwise.filterGradient(read, dy, w.shape, window)] };
  },
  *batchNorm(kernels) {
    for (const { label, x, gamma, beta } of normCases()) {
      const { y, mean, unbiased } = batchNorm(x, gamma, beta, EPSILON);
      yield {
        label,
        run: () => kernels.batchNorm(named({ x, gamma, beta }), { epsilon: EPSILON }),
        expected: [y, mean, unbiased],
        tolerance: normTolerance(label),
      };
    }
  },
  *batchNormGradient(kernels) {
    // Of one pixel, the gradient is a difference of equal numbers.
    for (const { label, x, dy, gamma, beta } of normCases(2)) {
      const { mean, biased } = statistics(x);
      const gradients = normaliseGradients(dy, x, gamma, mean, biased, EPSILON, true);
      yield {
        label,
        run: () => {
          const [, , , saved1, saved2, saved3] = kernels.batchNorm(named({ x, gamma, beta }), { epsilon: EPSILON });
          if (saved1 === undefined || saved2 === undefined || saved3 === undefined) throw new Error("batchNorm saves nothing for its gradient.");
          return kernels.batchNormGradient({ ...named({ dy, x, gamma }), saved1, saved2, saved3 }, { epsilon: EPSILON });
        },
        expected: [gradients.x, gradients.gamma, gradients.beta],
        tolerance: normTolerance(label),
      };
    }
  },
  *batchNormInference(kernels) {
    for (const { label, x, gamma, beta, mean, variance } of normCases())
      yield {
        label,
        run: () => kernels.batchNormInference(named({ x, gamma, beta, mean, variance }), { epsilon: EPSILON }),
        expected: [normalise(x, gamma, beta, mean.values, variance.values, EPSILON)],
      };
  },
  *batchNormInferenceGradient(kernels) {
    for (const { label, x, dy, gamma, mean, variance } of normCases()) {
      const gradients = normaliseGradients(dy, x, gamma, mean.values, variance.values, EPSILON, false);
      yield {
        label,
        run: () => kernels.batchNormInferenceGradient(named({ dy, x, gamma, mean, variance }), { epsilon: EPSILON }),
        expected: [gradients.x, gradients.gamma, gradients.beta],
        tolerance: normTolerance(label),
      };
    }
  },
  *relu(kernels) {
    for (const shape of [[1], [7], [1, 1, 1, 3], [2, 5, 7, 9]]) {
      const x = withTies(shape, seedOf(shape.join()));
      yield { label: `[${shape.join()}]`, run: () => kernels.relu(named({ x })), expected: [rectified(x)] };
    }
  },
  *reluGradient(kernels) {
    for (const shape of [[1], [7], [1, 1, 1, 3], [2, 5, 7, 9]]) {
      const [y, dy] = [rectified(withTies(shape, seedOf(shape.join()))), random(shape, 3)];
      const expected = dy.values.map((value, i) => ((y.values[i] ?? 0) > 0 ? value : 0));
      yield { label: `[${shape.join()}]`, run: () => kernels.reluGradient(named({ dy, y })), expected: [dense(shape, expected)] };
    }
  },
  *maxPool(kernels) {
    for (const { label, shape, window, attributes } of poolCases()) {
      const x = random(shape, seedOf(label));
      const negative = dense(
        shape,
        x.values.map((value) => value - 2),
      );
      yield { label, run: () => kernels.maxPool(named({ x }), attributes), expected: [maxPool.forward(x, window)] };
      yield { label: `${label}, negative`, run: () => kernels.maxPool(named({ x: negative }), attributes), expected: [maxPool.forward(negative, window)] };
    }
  },
  *maxPoolGradient(kernels) {
    for (const pool of poolCases()) {
      const { label, shape, window, attributes } = pool;
      const dy = random(outputOf(pool), seedOf(label) + 1);
      for (const [name, x] of [
        ["distinct", distinct(shape, seedOf(label))],
        ["ties", withTies(shape, seedOf(label))],
      ] as const)
        yield {
          label: `${label}, ${name}`,
          run: () => {
            const input = tensor(x);
            const [y, saved] = kernels.maxPool({ x: input }, attributes);
            if (y === undefined || saved === undefined) throw new Error("maxPool saves nothing for its gradient.");
            return kernels.maxPoolGradient({ dy: tensor(dy), x: input, y, saved }, attributes);
          },
          expected: [maxPool.inputGradient(x, dy, window)],
        };
    }
  },
  *avgPool(kernels) {
    for (const { label, shape, window, attributes } of poolCases()) {
      const x = random(shape, seedOf(label));
      yield { label, run: () => kernels.avgPool(named({ x }), attributes), expected: [averagePool.forward(x, window)] };
    }
  },
  *avgPoolGradient(kernels) {
    for (const pool of poolCases()) {
      const { label, shape, window, attributes } = pool;
      const dy = random(outputOf(pool), seedOf(label));
      yield {
        label,
        run: () => kernels.avgPoolGradient(named({ dy }), { ...attributes, inputShape: shape }),
        expected: [averagePool.inputGradient(dy, shape, window)],
      };
    }
  },
  *globalAveragePool(kernels) {
    for (const shape of [...SHAPES, [2, 32, 31, 70] as const]) {
      const x = random(shape, seedOf(shape.join()));
      yield { label: `[${shape.join()}]`, run: () => kernels.globalAveragePool(named({ x })), expected: [globalMean(x)] };
    }
  },
  *globalAveragePoolGradient(kernels) {
    for (const shape of [...SHAPES, [2, 32, 31, 70] as const]) {
      const [n, h, w, c] = shape;
      const dy = random([n, c], seedOf(shape.join()));
      const values = Float64Array.from({ length: n * h * w * c }, (_, i) => (dy.values[Math.floor(i / (h * w * c)) * c + (i % c)] ?? 0) / (h * w));
      yield {
        label: `[${shape.join()}]`,
        run: () => kernels.globalAveragePoolGradient(named({ dy }), { inputShape: shape }),
        expected: [dense(shape, values)],
      };
    }
  },
  *softmaxCrossEntropy(kernels) {
    for (const [n, classes] of [
      [1, 1],
      [1, 2],
      [5, 3],
      [3, 101],
    ] as const) {
      const logits = dense(
        [n, classes],
        random([n, classes], n).values.map((value) => Math.fround(6 * value)),
      );
      const labels = Array.from({ length: n }, (_, i) => (i * 7) % classes);
      const { losses, gradient } = crossEntropy(logits, labels);
      yield {
        label: `[${n},${classes}]`,
        run: () => kernels.softmaxCrossEntropy({ logits: tensor(logits), labels: tf.tensor1d(labels, "int32") }),
        expected: [losses, gradient],
      };
    }
  },
  *resizeNearest(kernels) {
    for (const shape of SHAPES)
      for (const factor of [2, 3, 4, 5, 7]) {
        const x = random(shape, seedOf(shape.join()));
        yield { label: `[${shape.join()}] × ${factor}`, run: () => kernels.resizeNearest(named({ x }), { factor }), expected: [repeatPixels(x, factor)] };
      }
  },
  *resizeNearestGradient(kernels) {
    for (const [n, h, w, c] of SHAPES)
      for (const factor of [2, 3, 4, 5, 7]) {
        const dy = random([n, h * factor, w * factor, c], factor);
        yield {
          label: `[${[n, h, w, c].join()}] × ${factor}`,
          run: () => kernels.resizeNearestGradient(named({ dy }), { factor }),
          expected: [sumBlocks(dy, factor)],
        };
      }
  },
};

const attributesOf = ({ stride, padding }: Sliding): { stride: number; padding: "SAME" | "VALID" } => ({ stride, padding });

function globalMean(x: Dense): Dense {
  const [n = 0, h = 0, w = 0, c = 0] = x.shape;
  const sums = new Float64Array(n * c);
  for (const [i, value] of x.values.entries()) {
    const at = Math.floor(i / (h * w * c)) * c + (i % c);
    sums[at] = (sums[at] ?? 0) + value / (h * w);
  }
  return dense([n, c], sums);
}
