import type { NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../../../src-shared/domain/architecture/operations.ts";
import type { NodeType } from "../../network/plan-types.ts";
import type { NetworkFamily, NodeEncoding, OutputHead, OutputHeadName } from "../shared/network-family.ts";

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
