import type { NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { NetworkPlan, NodeRef } from "../../network/plan-types.ts";

/** Output heads of the decoder, in the order of the file: one for each kind of weight. */
export const OUTPUT_HEADS = ["stem", "bottleneck", "pointwise", "conv1xk", "convkx1", "depthwise", "scale", "shift", "classifier", "bias"] as const;
export type OutputHeadName = (typeof OUTPUT_HEADS)[number];

/** Largest k of depthwise, 1×k and k×1 kernels. */
const LARGEST_KERNEL = 7;

/** One output head: the largest weight that it generates. Smaller weights are slices of it (docs/ghn.md, eq. 18). */
export interface OutputHead {
  readonly sizes: readonly number[];
  /** Number of leading axes that are kernel axes and are sliced around their centre; the other axes are channels and are sliced from the front. */
  readonly centred: number;
}

/**
 * What a decoder must be able to generate for the networks of one search space. It describes no single architecture, so that one decoder serves all of them.
 */
export interface ParameterLayout {
  /** Blocks of the networks; their graphs have as many. */
  readonly blocks: number;
  readonly outputHeads: Readonly<Record<OutputHeadName, OutputHead>>;
  /** Number of image scales. */
  readonly scales: number;
  /** Image scale at which a node works, from 0 (full size) to `scales` − 1. */
  scaleOf(plan: NetworkPlan, owner: NodeRef): number;
  /** Side of the largest full convolution kernel. Its kernel positions are told apart; smaller kernels use those in its centre. */
  readonly kernelSide: number;
}

/** Layout of the cell space. A node works at the scale of its block. */
export function cellParameterLayout(network: NetworkConfig, input: NetworkInput): ParameterLayout {
  return {
    blocks: network.blocks,
    outputHeads: outputHeadsOf(network, input),
    scales: scaleOfBlock(network.blocks - 1, network) + 1,
    scaleOf: (_, { block }) => scaleOfBlock(block, network),
    kernelSide: 3,
  };
}

/** How often the image is halved before the nodes of a block: the number of reductions up to it. */
function scaleOfBlock(block: number, { reductions }: Pick<NetworkConfig, "reductions">): number {
  return new Set(reductions.filter((reduction) => reduction <= block)).size;
}

/**
 * The largest weight of each kind in any network of this config, whatever its cells. Weights on concatenations are generated in parts, one for each source, so nothing
 * here depends on the number of nodes.
 */
function outputHeadsOf(network: NetworkConfig, input: NetworkInput): Readonly<Record<OutputHeadName, OutputHead>> {
  const widest = network.initialChannels * 2 ** scaleOfBlock(network.blocks - 1, network);
  const stem = network.initialChannels * network.stemMultiplier;
  // A divisor of 1 makes the 1×k pair work on all channels.
  const inner = Math.max(1, Math.round(widest / network.factorizedDivisor));
  const channels = (...sizes: number[]): OutputHead => ({ sizes, centred: 0 });
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
