import { ANYTIME_OPERATIONS } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { AnytimeNetwork, AnytimeSpace } from "../../../../src-shared/domain/config/anytime-config.ts";
import type { NodeType } from "../../network/plan-types.ts";
import type { NetworkFamily, NodeEncoding, OutputHead } from "../shared/network-family.ts";
import { channelsAt } from "./plan.ts";

/** Vocabulary of the anytime space. The order is part of the GHN file. */
const NODE_TYPES: readonly NodeType[] = [...ANYTIME_OPERATIONS, "input0", "input1", "stem"];
/** One entry for nodes with an exit, one for nodes without. */
const EXIT_ENTRIES = 2;

/** [operation | scale | exit] as one-hot vectors side by side (paper, appendix 5.2). */
function encoding(scales: number): NodeEncoding {
  return {
    entries: NODE_TYPES.length + scales + EXIT_ENTRIES,
    onesOf: ({ type, scale = -1, exit = false }) => {
      const operation = NODE_TYPES.indexOf(type);
      if (operation < 0 || scale < 0 || scale >= scales) throw new Error(`The anytime GHN does not know the node ${type} at scale ${scale}.`);
      return [operation, NODE_TYPES.length + scale, NODE_TYPES.length + scales + (exit ? 1 : 0)];
    },
  };
}

/**
 * All networks of the space, whatever their architecture. Bottlenecks are generated from edge activations, the concatenated embeddings of parent and child, and their parts are concatenated.
 */
export function anytimeFamily({ nodes, scales }: Pick<AnytimeSpace, "nodes" | "scales">, network: AnytimeNetwork, input: NetworkInput): NetworkFamily {
  const widest = channelsAt(scales - 1, network);
  // The space has neither separable nor factorised convolutions.
  const none: OutputHead = { sizes: [1], centred: 0 };
  const channels = (...sizes: number[]): OutputHead => ({ sizes, centred: 0 });
  const { stem, ...later } = {
    stem: { sizes: [3, 3, input.channels * channelsAt(0, network)], centred: 2 },
    bottleneck: channels(widest, widest),
    pointwise: channels(widest, widest),
    scale: channels(widest),
    shift: channels(widest),
    classifier: channels(widest, input.classes),
    bias: channels(input.classes),
    conv1xk: none,
    convkx1: none,
    depthwise: none,
  };
  const outputHeads = { stem, ...later };
  return {
    layout: {
      blocks: nodes.length,
      scales,
      scaleOf: (plan, { block, node }) => plan.graph.blocks[block]?.nodes[node]?.scale ?? 0,
      kernelSide: 5,
      outputHeads,
      // Every cell may have nodes of every scale, and exits; the stem belongs to the first.
      outputHeadsOf: (block) => (block === 0 ? outputHeads : later),
    },
    encoding: encoding(scales),
  };
}
