import type { NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../../../src-shared/domain/architecture/operations.ts";
import type { NodeType } from "../../network/plan-types.ts";
import type { NetworkFamily, NodeEncoding, OutputHead, OutputHeads } from "../shared/network-family.ts";

/** Largest k of depthwise, 1×k and k×1 kernels. */
const LARGEST_KERNEL = 7;

/**
 * Node types of the cell space, one entry of the one-hot vector each (docs/ghn.md, eq. 2). The order is part of the GHN file: first the paper's operations, then the
 * further ones of published cells, then the nodes around a cell.
 */
const NODE_TYPES: readonly NodeType[] = [...ALL_OPERATIONS, "input0", "input1", "stem", "classifier"];
const INDEX: ReadonlyMap<NodeType, number> = new Map(NODE_TYPES.map((type, i) => [type, i]));

const ENCODING: NodeEncoding = {
  entries: NODE_TYPES.length,
  onesOf: ({ type }) => {
    const index = INDEX.get(type);
    if (index === undefined) throw new Error(`The GHN does not know the node type ${type}.`);
    return [index];
  },
};

/** All networks of this config, whatever their cells. A node works at the scale of its block. */
export function cellFamily(network: NetworkConfig, input: NetworkInput): NetworkFamily {
  return {
    layout: {
      blocks: network.blocks,
      outputHeads: outputHeadsOf(network, input),
      outputHeadsOf: (block) => outputHeadsOfBlock(block, network, input),
      scales: scaleOfBlock(network.blocks - 1, network) + 1,
      scaleOf: (_, { block }) => scaleOfBlock(block, network),
      kernelSide: 3,
    },
    encoding: ENCODING,
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
function outputHeadsOf(network: NetworkConfig, input: NetworkInput): OutputHeads {
  const widest = channelsOf(network.blocks - 1, network);
  const stem = network.initialChannels * network.stemMultiplier;
  return headsFor(network, input, { own: widest, read: Math.max(widest, stem), stem });
}

/** The same for one block. Only blocks 0 and 1 read the stem, which belongs to block 0, as the classifier belongs to the last block. */
function outputHeadsOfBlock(block: number, network: NetworkConfig, input: NetworkInput): Partial<OutputHeads> {
  const own = channelsOf(block, network);
  const stem = network.initialChannels * network.stemMultiplier;
  const {
    stem: stemHead,
    classifier,
    bias,
    ...heads
  } = headsFor(network, input, { own, read: block < 2 ? Math.max(own, stem) : own, stem: block === 0 ? stem : 0 });
  return { ...heads, ...(block === 0 ? { stem: stemHead } : {}), ...(block === network.blocks - 1 ? { classifier, bias } : {}) };
}

/** Channels of the nodes of a block. */
function channelsOf(block: number, network: NetworkConfig): number {
  return network.initialChannels * 2 ** scaleOfBlock(block, network);
}

/** @param own channels of nodes @param read channels of what input nodes read, at most @param stem channels of the stem; 0 without one */
function headsFor(network: NetworkConfig, input: NetworkInput, { own, read, stem }: { own: number; read: number; stem: number }): OutputHeads {
  // With a divisor of 1, the 1×k pair works on all channels.
  const inner = Math.max(1, Math.round(own / network.factorizedDivisor));
  const most = Math.max(own, stem);
  const channels = (...sizes: number[]): OutputHead => ({ sizes, centred: 0 });
  return {
    stem: { sizes: [3, 3, input.channels * stem], centred: 2 },
    bottleneck: channels(read, own),
    pointwise: network.stem === "stride8" ? channels(most, most) : channels(own, own),
    conv1xk: { sizes: [LARGEST_KERNEL, inner, inner], centred: 1 },
    convkx1: { sizes: [LARGEST_KERNEL, inner, inner], centred: 1 },
    depthwise: { sizes: [LARGEST_KERNEL, LARGEST_KERNEL, own], centred: 2 },
    scale: channels(most),
    shift: channels(most),
    classifier: channels(own, input.classes),
    bias: channels(input.classes),
  };
}
