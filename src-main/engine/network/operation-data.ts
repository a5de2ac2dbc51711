/** The computation of a network as plain data, with everything that another program needs to repeat it: kernels, strides, dilations, exact padding. */
import { samePadding } from "../backend/ops/padding.ts";
import type { ImageShape } from "./builder.ts";
import { IMAGES, inputsOf, type Program, type Register, type Step } from "./program.ts";

/** Rows and columns of zeros around an image: top, left, bottom, right. For maximum pooling they count as −∞, for average pooling they do not count. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

/** Name of a value: `images`, or `x` and a number. */
type ValueName = string;

/**
 * One operation. Weights are named as in safetensors files: parameter ids, and `<norm id>/mean` and `/variance`. Shapes are those of one image, [height, width, channels];
 * layouts of weights are those of TensorFlow ([kernel height, kernel width, channels in, channels out]).
 */
export type OperationData = OperationFacts & {
  /** The part of the network that it belongs to, as names of parameters begin: "block3/node5", "stem". */
  readonly part: string;
};

type OperationFacts =
  | { readonly operation: "relu"; readonly input: ValueName; readonly output: ValueName; readonly shape: ImageShape }
  | {
      readonly operation: "convolution";
      readonly input: ValueName;
      readonly output: ValueName;
      readonly shape: ImageShape;
      readonly weight: string;
      readonly kernel: readonly [height: number, width: number];
      readonly stride: number;
      readonly dilation: number;
      /** 1, or the number of channels: each channel has its own filter, and the weight is [height, width, channels, 1]. */
      readonly groups: number;
      readonly padding: Padding;
    }
  | {
      /** scale · (x − mean) / √(variance + epsilon) + shift, for each channel. */
      readonly operation: "batchNorm";
      readonly input: ValueName;
      readonly output: ValueName;
      readonly shape: ImageShape;
      readonly scale: string;
      readonly shift: string;
      readonly mean: string;
      readonly variance: string;
      readonly epsilon: number;
    }
  | {
      readonly operation: "maxPool" | "averagePool";
      readonly input: ValueName;
      readonly output: ValueName;
      readonly shape: ImageShape;
      readonly kernel: readonly [height: number, width: number];
      readonly stride: number;
      readonly padding: Padding;
    }
  | {
      /** Repeats every pixel factor × factor times, then cuts off rows and columns at the end so that the shape results. */
      readonly operation: "upsample";
      readonly input: ValueName;
      readonly output: ValueName;
      readonly shape: ImageShape;
      readonly factor: number;
    }
  | { readonly operation: "sum" | "concatenate"; readonly inputs: readonly ValueName[]; readonly output: ValueName; readonly shape: ImageShape }
  | { readonly operation: "globalAveragePool"; readonly input: ValueName; readonly output: ValueName; readonly shape: ImageShape }
  | {
      /** x · weight + bias, with a weight of [features, classes]. */
      readonly operation: "linear";
      readonly input: ValueName;
      readonly output: ValueName;
      readonly shape: ImageShape;
      readonly weight: string;
      readonly bias: string;
    };

/** The operation of this name. */
export type OperationOf<Name extends OperationData["operation"]> = Named<OperationData, Name>;
type Named<Union, Name> = Union extends { readonly operation: infer Names } ? (Name extends Names ? Union : never) : never;

/** A network as data. */
export interface NetworkData {
  /** In an order in which they can be computed. */
  readonly operations: readonly OperationData[];
  /** The logits: one value, or those of each exit in the order in which they are computed. */
  readonly outputs: readonly ValueName[];
}

/** Name of the images among the values. */
export const IMAGES_VALUE: ValueName = "images";

/**
 * The operations that a network's outputs depend on; the auxiliary head, which only training uses, is left out.
 * @param epsilon of batch norm
 */
export function networkData(program: Program, epsilon: number): NetworkData {
  const outputs = program.exits?.map(({ logits }) => logits) ?? [program.logits];
  const shapes = new Map<Register, ImageShape>([[IMAGES, [program.input.height, program.input.width, program.input.channels]]]);
  const operations = neededSteps(program.steps, outputs).map((step): OperationData => {
    const data = DATA[step.kind] as (step: Step, facts: StepFacts) => OperationFacts;
    const [first] = inputsOf(step);
    const input = shapes.get(first ?? IMAGES);
    if (input === undefined) throw new Error(`A step reads register ${first} before it is written.`);
    const result = data(step, { input, widths: inputsOf(step).map((x) => shapes.get(x)?.[2] ?? 0), program, epsilon });
    shapes.set(step.y, result.shape);
    return { part: step.part, ...result };
  });
  return { operations, outputs: outputs.map(nameOf) };
}

interface StepFacts {
  /** Shape of the first input. */
  readonly input: ImageShape;
  /** Channels of every input. */
  readonly widths: readonly number[];
  readonly program: Program;
  readonly epsilon: number;
}

type StepOf<Kind extends Step["kind"]> = OfKind<Step, Kind>;
type OfKind<Union, Kind> = Union extends { readonly kind: infer Kinds } ? (Kind extends Kinds ? Union : never) : never;

/** One entry per kind of step; a new kind does not compile without one. */
const DATA: { readonly [Kind in Step["kind"]]: (step: StepOf<Kind>, facts: StepFacts) => OperationFacts } = {
  relu: ({ x, y }, { input }) => ({ operation: "relu", input: nameOf(x), output: nameOf(y), shape: input }),
  conv: ({ x, y, weight, stride }, { input }) => {
    const [height = 1, width = 1, , filters = 1] = weight.shape;
    return {
      operation: "convolution",
      input: nameOf(x),
      output: nameOf(y),
      ...windowed(input, [height, width], stride, 1, filters),
      weight: weight.id,
      dilation: 1,
      groups: 1,
    };
  },
  depthwise: ({ x, y, weight, dilation, relu }, { input }) => {
    if (relu === true) throw new Error("Programs keep the ReLU of a depthwise convolution as a step of its own.");
    const [height = 1, width = 1, channels = 1] = weight.shape;
    return {
      operation: "convolution",
      input: nameOf(x),
      output: nameOf(y),
      ...windowed(input, [height, width], 1, dilation, channels),
      weight: weight.id,
      dilation,
      groups: channels,
    };
  },
  norm: ({ x, y, scale, shift, statistic }, { input, program, epsilon }) => {
    const id = program.norms[statistic]?.id;
    if (id === undefined) throw new Error(`There is no batch norm ${statistic}.`);
    return {
      operation: "batchNorm",
      input: nameOf(x),
      output: nameOf(y),
      shape: input,
      scale: scale.id,
      shift: shift.id,
      mean: `${id}/mean`,
      variance: `${id}/variance`,
      epsilon,
    };
  },
  maxPool: ({ x, y, size, stride }, { input }) => ({
    operation: "maxPool",
    input: nameOf(x),
    output: nameOf(y),
    ...windowed(input, [size, size], stride, 1, input[2]),
  }),
  avgPool: ({ x, y, size, stride }, { input }) => ({
    operation: "averagePool",
    input: nameOf(x),
    output: nameOf(y),
    ...windowed(input, [size, size], stride, 1, input[2]),
  }),
  upsample: ({ x, y, factor, height, width }, { input }) => ({
    operation: "upsample",
    input: nameOf(x),
    output: nameOf(y),
    shape: [height, width, input[2]],
    factor,
  }),
  sum: ({ xs, y }, { input }) => ({ operation: "sum", inputs: xs.map(nameOf), output: nameOf(y), shape: input }),
  concat: ({ xs, y }, { input, widths }) => ({
    operation: "concatenate",
    inputs: xs.map(nameOf),
    output: nameOf(y),
    shape: [input[0], input[1], widths.reduce((sum, width) => sum + width, 0)],
  }),
  globalAveragePool: ({ x, y }, { input }) => ({ operation: "globalAveragePool", input: nameOf(x), output: nameOf(y), shape: [1, 1, input[2]] }),
  dense: ({ x, y, weight, bias }) => ({
    operation: "linear",
    input: nameOf(x),
    output: nameOf(y),
    shape: [1, 1, weight.shape[1] ?? 0],
    weight: weight.id,
    bias: bias.id,
  }),
};

/** Kernel, stride, SAME padding and output shape of a window that moves over an image. An odd row or column of padding goes to the end. */
function windowed(
  [height, width]: ImageShape,
  kernel: readonly [height: number, width: number],
  stride: number,
  dilation: number,
  channels: number,
): { readonly kernel: readonly [number, number]; readonly stride: number; readonly padding: Padding; readonly shape: ImageShape } {
  const rows = samePadding(height, kernel[0], stride, dilation);
  const columns = samePadding(width, kernel[1], stride, dilation);
  return { kernel, stride, padding: [rows.before, columns.before, rows.after, columns.after], shape: [rows.output, columns.output, channels] };
}

/** The steps that these registers depend on, in their order. */
function neededSteps(steps: readonly Step[], outputs: readonly Register[]): readonly Step[] {
  const needed = new Set<Register>(outputs);
  const kept: Step[] = [];
  for (const step of steps.toReversed()) {
    if (!needed.has(step.y)) continue;
    for (const x of inputsOf(step)) needed.add(x);
    kept.push(step);
  }
  return kept.reverse();
}

function nameOf(register: Register): ValueName {
  return register === IMAGES ? IMAGES_VALUE : `x${register}`;
}
