import type { NodeRef, ParameterSlot, SlotRole } from "./plan-types.ts";
import { IMAGES, type NormStatistic, type Register, type Step } from "./program.ts";

/** [height, width, channels] of one image in a register. */
export type ImageShape = readonly [height: number, width: number, channels: number];

export interface ConvOptions {
  readonly kernel: readonly [height: number, width: number];
  readonly filters: number;
  readonly stride?: number;
  readonly parts?: ParameterSlot["parts"];
}

/**
 * Builds the program of a network and counts its parameters and multiply-adds. Names are relative to the current node (`startNode`);
 * using a name again shares its parameter, which is how one operation is applied to several inputs.
 */
export class ProgramBuilder {
  steps: Step[] = [];
  slots: ParameterSlot[] = [];
  norms: NormStatistic[] = [];
  masks = 0;
  private readonly shapes: ImageShape[];
  private readonly rectified = new Map<Register, Register>();
  private firstNorm = 0;
  private nodeSlots = new Map<string, ParameterSlot>();
  private prefix = "";
  private owner: NodeRef = { block: 0, node: 0 };
  private nodeParameters = 0;
  private nodeMultiplyAdds = 0;

  constructor(images: ImageShape) {
    this.shapes = [images];
  }

  /** Starts a node: the parameters that follow belong to it and are named `prefix/...`, and its counts start at zero. */
  startNode(owner: NodeRef, prefix: string): void {
    this.owner = owner;
    this.prefix = prefix;
    this.nodeSlots = new Map();
    this.nodeParameters = 0;
    this.nodeMultiplyAdds = 0;
  }

  /** Parameters and multiply-adds (for one image) since `startNode`. */
  get nodeCounts(): { parameters: number; multiplyAdds: number } {
    return { parameters: this.nodeParameters, multiplyAdds: this.nodeMultiplyAdds };
  }

  /** Shape of one image in a register. @throws Error for a register that was not written */
  shape(register: Register): ImageShape {
    const shape = this.shapes[register];
    if (shape === undefined) throw new Error(`Register ${register} has not been written.`);
    return shape;
  }

  /** ReLU of a register, computed once however often it is used. */
  relu(x: Register): Register {
    const known = this.rectified.get(x);
    if (known !== undefined) return known;
    const y = this.register(this.shape(x));
    this.steps.push({ part: this.prefix, kind: "relu", x, y });
    this.rectified.set(x, y);
    return y;
  }

  /** Convolution with SAME padding. */
  conv(x: Register, name: string, role: SlotRole, { kernel, filters, stride = 1, parts }: ConvOptions): Register {
    const [height, width, channels] = this.shape(x);
    const [kh, kw] = kernel;
    const weight = this.slot(name, role, [kh, kw, channels, filters], kh * kw * channels, parts);
    const out: ImageShape = [Math.ceil(height / stride), Math.ceil(width / stride), filters];
    const y = this.register(out);
    this.nodeMultiplyAdds += out[0] * out[1] * kh * kw * channels * filters;
    this.steps.push({ part: this.prefix, kind: "conv", x, y, weight, stride });
    return y;
  }

  /** Depthwise convolution with a size × size filter and stride 1. */
  depthwise(x: Register, name: string, size: number, dilation: number): Register {
    const [height, width, channels] = this.shape(x);
    const weight = this.slot(name, "depthwise", [size, size, channels, 1], size * size);
    const y = this.register([height, width, channels]);
    this.nodeMultiplyAdds += height * width * size * size * channels;
    this.steps.push({ part: this.prefix, kind: "depthwise", x, y, weight, dilation });
    return y;
  }

  /** Batch norm; `name` may be empty. `application` is the index of the input that the operation is applied to. */
  norm(x: Register, name: string, application = 0): Register {
    const shape = this.shape(x);
    const path = name === "" ? "" : `${name}/`;
    const scale = this.slot(`${path}scale`, "scale", [shape[2]], 1);
    const shift = this.slot(`${path}shift`, "shift", [shape[2]], 1);
    const y = this.register(shape);
    this.steps.push({ part: this.prefix, kind: "norm", x, y, scale, shift, statistic: this.firstNorm + this.norms.length });
    this.norms.push({ id: `${this.prefix}/${path}${application}`, channels: shape[2] });
    return y;
  }

  /** Pooling over size × size windows. */
  pool(x: Register, kind: "maxPool" | "avgPool", size: number, stride = 1): Register {
    const [height, width, channels] = this.shape(x);
    const y = this.register([Math.ceil(height / stride), Math.ceil(width / stride), channels]);
    this.steps.push({ part: this.prefix, kind, x, y, size, stride });
    return y;
  }

  /** Nearest-neighbour upsampling by an integer factor, cropped to the given size. */
  upsample(x: Register, factor: number, [height, width]: readonly [number, number]): Register {
    const y = this.register([height, width, this.shape(x)[2]]);
    this.steps.push({ part: this.prefix, kind: "upsample", x, y, factor, height, width });
    return y;
  }

  /** Sum whose terms drop-path drops independently. If there is only one term, no other step may read it. */
  droppedSum(xs: readonly Register[]): Register {
    const y = this.register(this.shape(xs[0] ?? IMAGES));
    this.steps.push({ part: this.prefix, kind: "sum", xs, y, masks: xs.map(() => this.masks++) });
    return y;
  }

  /** Sum of terms that drop-path leaves alone. */
  sum(xs: readonly Register[]): Register {
    const [first] = xs;
    if (xs.length === 1 && first !== undefined) return first;
    const y = this.register(this.shape(first ?? IMAGES));
    this.steps.push({ part: this.prefix, kind: "sum", xs, y, masks: null });
    return y;
  }

  /** Concatenation along the channels. */
  concat(xs: readonly Register[]): Register {
    const [first] = xs;
    if (first === undefined) throw new Error("There is nothing to concatenate.");
    if (xs.length === 1) return first;
    const [height, width] = this.shape(first);
    const y = this.register([height, width, xs.reduce((sum, x) => sum + this.shape(x)[2], 0)]);
    this.steps.push({ part: this.prefix, kind: "concat", xs, y });
    return y;
  }

  /** Global average pooling followed by a linear classifier. */
  classifier(x: Register, classes: number, parts?: ParameterSlot["parts"]): Register {
    const [, , channels] = this.shape(x);
    const pooled = this.register([1, 1, channels]);
    this.steps.push({ part: this.prefix, kind: "globalAveragePool", x, y: pooled });
    const weight = this.slot("weight", "classifier", [channels, classes], channels, parts);
    const bias = this.slot("bias", "bias", [classes], 1);
    const y = this.register([1, 1, classes]);
    this.nodeMultiplyAdds += channels * classes;
    this.steps.push({ part: this.prefix, kind: "dense", x: pooled, y, weight, bias });
    return y;
  }

  /** Starts a side branch and returns the network built so far; steps, slots and norms are collected separately from now on. */
  startBranch(): { steps: Step[]; slots: ParameterSlot[]; norms: NormStatistic[] } {
    const { steps, slots, norms } = this;
    this.firstNorm += norms.length;
    this.steps = [];
    this.slots = [];
    this.norms = [];
    return { steps, slots, norms };
  }

  private register(shape: ImageShape): Register {
    this.shapes.push(shape);
    return this.shapes.length - 1;
  }

  private slot(name: string, role: SlotRole, shape: readonly number[], fanIn: number, parts?: ParameterSlot["parts"]): ParameterSlot {
    const known = this.nodeSlots.get(name);
    if (known !== undefined) return known;
    const slot: ParameterSlot = { id: `${this.prefix}/${name}`, role, shape, fanIn, owner: this.owner, ...(parts === undefined ? {} : { parts }) };
    this.nodeSlots.set(name, slot);
    this.slots.push(slot);
    this.nodeParameters += shape.reduce((product, length) => product * length, 1);
    return slot;
  }
}
