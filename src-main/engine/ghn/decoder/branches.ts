import type { NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { NetworkPlan, NodeRef, ParameterSlot, SlotRole } from "../../network/plan-types.ts";

/** Output branches of the decoder. */
export const BRANCHES = ["stem", "bottleneck", "pointwise", "conv1xk", "convkx1", "depthwise", "scale", "shift", "classifier", "bias"] as const;
export type BranchName = (typeof BRANCHES)[number];

/** Largest k of depthwise, 1×k and k×1 kernels. */
const LARGEST_KERNEL = 7;

/** What one row of a branch's output is cut from: sizes of its axes, and which of them are cut around the middle (kernels) instead of from the front (channels). */
export interface Branch {
  readonly sizes: readonly number[];
  readonly centred: number;
}

/**
 * What the decoder of one kind of network must be able to make. Says nothing of single architectures, so that one decoder serves all of a space.
 */
export interface WeightSpace {
  /** Blocks of its networks; their graphs have as many. */
  readonly blocks: number;
  /** The largest weight of each kind. */
  readonly branches: Readonly<Record<BranchName, Branch>>;
  /** Number of image scales, and the scale at which a node works, from 0. */
  readonly scales: number;
  scaleOf(plan: NetworkPlan, owner: NodeRef): number;
  /** Side of the largest full convolution; its taps are told apart, those of smaller ones are the taps in its middle. */
  readonly tapSide: number;
}

/** That of the standard space: the scale of a node is that of its block. */
export function standardWeights(network: NetworkConfig, input: NetworkInput): WeightSpace {
  return {
    blocks: network.blocks,
    branches: branchesOf(network, input),
    scales: stagesOf(network),
    scaleOf: (_, { block }) => stageOf(block, network),
    tapSide: 3,
  };
}

/** How often the image is halved before a block: the number of reductions up to it. */
export function stageOf(block: number, { reductions }: Pick<NetworkConfig, "reductions">): number {
  return new Set(reductions.filter((reduction) => reduction <= block)).size;
}

/** Number of scales in a network. */
export function stagesOf(network: Pick<NetworkConfig, "blocks" | "reductions">): number {
  return stageOf(network.blocks - 1, network) + 1;
}

/**
 * The largest weight of each kind in any network of this config, whatever its cells (paper, section 2 and notes, section 5). Smaller ones are slices. Weights on
 * concatenations are made in parts, one for each source, so that nothing here depends on the number of nodes.
 */
export function branchesOf(network: NetworkConfig, input: NetworkInput): Readonly<Record<BranchName, Branch>> {
  const widest = network.initialChannels * 2 ** (stagesOf(network) - 1);
  const stem = network.initialChannels * network.stemMultiplier;
  // Without a divisor the 1×k pair works on all channels.
  const inner = Math.max(1, Math.round(widest / network.factorizedDivisor));
  const channels = (...sizes: number[]): Branch => ({ sizes, centred: 0 });
  return {
    stem: { sizes: [3, 3, input.channels * stem], centred: 2 },
    bottleneck: channels(Math.max(widest, stem), widest),
    pointwise: network.stem === "stride8" ? channels(Math.max(widest, stem), Math.max(widest, stem)) : channels(widest, widest),
    conv1xk: { sizes: [LARGEST_KERNEL, inner, inner], centred: 1 },
    convkx1: { sizes: [LARGEST_KERNEL, inner, inner], centred: 1 },
    depthwise: { sizes: [LARGEST_KERNEL, LARGEST_KERNEL, widest], centred: 2 },
    scale: channels(Math.max(widest, stem)),
    shift: channels(Math.max(widest, stem)),
    classifier: channels(widest, input.classes),
    bias: channels(input.classes),
  };
}

/** Where a slot's weight comes from: pieces along its first axes, each one or several rows of a branch. */
export interface SlotPieces {
  readonly branch: BranchName;
  readonly rows: readonly RowShape[];
}

/** One row of a branch. */
export interface RowShape {
  /** Along the axes of the branch. */
  readonly sizes: readonly number[];
  /** As a weight; for one branch it follows from `sizes`. */
  readonly shape: readonly number[];
}

/** Cuts a slot into rows of its branch; rows follow each other along the slot's leading axes. @throws Error for a shape that its role does not have */
export function piecesOf(slot: ParameterSlot): SlotPieces {
  const { role, shape } = slot;
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  const one = (branch: BranchName, ...sizes: number[]): SlotPieces => ({ branch, rows: [{ sizes, shape }] });
  switch (role) {
    case "stem":
      return one("stem", a, b, c * d);
    case "bottleneck":
      return { branch: role, rows: inParts(slot, (channels) => [1, 1, channels, d]) };
    case "classifier":
      return { branch: role, rows: inParts(slot, (channels) => [channels, b]) };
    case "pointwise":
      return one(role, c, d);
    case "conv3x3":
    case "conv5x5": {
      // Its taps are 1×1 kernels and come from that branch, told apart by a feature of the row: a branch of its own would be larger than all the others together.
      const side = TAP_SIDES[role];
      if (a !== side || b !== side) throw new Error(`The slot ${slot.id} has no ${side}×${side} kernel.`);
      return { branch: "pointwise", rows: Array.from({ length: side * side }, () => ({ sizes: [c, d], shape: [1, 1, c, d] })) };
    }
    case "conv1xk":
      return one(role, b, c, d);
    case "convkx1":
      return one(role, a, c, d);
    case "depthwise":
      return one(role, a, b, c);
    case "scale":
    case "shift":
    case "bias":
      return one(role, a);
  }
}

/** Full convolutions, and the sides of their kernels. */
const TAP_SIDES = { conv3x3: 3, conv5x5: 5 } as const;

/** Number of a tap (in row order) among those of the largest kernel, around whose middle it lies; −1 for weights that have no taps. */
export function tapOf(role: SlotRole, tap: number, largest: number): number {
  if (role !== "conv3x3" && role !== "conv5x5") return -1;
  const side = TAP_SIDES[role];
  if (side > largest) throw new Error(`The GHN generates full kernels of ${largest}×${largest} at most, not of ${side}×${side}.`);
  const border = (largest - side) / 2;
  return (Math.floor(tap / side) + border) * largest + (tap % side) + border;
}

/** One row for each source of a concatenation. */
function inParts(slot: ParameterSlot, shapeOf: (channels: number) => number[]): RowShape[] {
  const parts = slot.parts ?? [];
  const inputs = slot.shape.at(-2);
  if (parts.reduce((sum, { channels }) => sum + channels, 0) !== inputs) throw new Error(`The parts of slot ${slot.id} do not add up to its ${inputs} inputs.`);
  return parts.map(({ channels }) => ({ sizes: [channels, slot.shape.at(-1) ?? 0], shape: shapeOf(channels) }));
}

/** Position of a row's slice in its branch. @throws Error when the branch is smaller */
export function sliceBegin({ sizes, centred }: Branch, wanted: readonly number[], name: string): number[] {
  return sizes.map((size, axis) => {
    const length = wanted[axis] ?? 0;
    if (length > size) throw new Error(`The GHN generates weights “${name}” of [${sizes.join(", ")}] at most, not of [${wanted.join(", ")}].`);
    return axis < centred ? (size - length) >> 1 : 0;
  });
}

/**
 * What a generated value p of order one is multiplied by (notes, section 8). With fan-in normalisation, w = p · sqrt(beta / fan-in), with beta 2, or 1 for depthwise and 1×k
 * kernels and for the classifier; without, all weights are p · 0.1. Batch norm has 2 · sigmoid(p / 2) and tanh(p / 5), biases p / 10, either way.
 */
export function valueScale(role: SlotRole, fanIn: number, fanInNormalisation: boolean): number {
  switch (role) {
    case "scale":
      return 1 / 2;
    case "shift":
      return 1 / 5;
    case "bias":
      return 1 / 10;
    case "depthwise":
    case "conv1xk":
    case "convkx1":
    case "classifier":
      return fanInNormalisation ? Math.sqrt(1 / fanIn) : PLAIN_SCALE;
    default:
      return fanInNormalisation ? Math.sqrt(2 / fanIn) : PLAIN_SCALE;
  }
}

const PLAIN_SCALE = 0.1;
