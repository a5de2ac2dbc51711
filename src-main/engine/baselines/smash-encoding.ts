import { INPUT_NODES } from "../../../src-shared/domain/architecture/cell.ts";
import { UserError } from "../../lib/errors.ts";
import { NODE_TYPES } from "../ghn/embedding/embedding.ts";
import type { GraphNode, NetworkPlan } from "../network/plan-types.ts";

/** Besides the operation nodes a block's tensor has rows for the two input nodes, the stem and the classifier. */
const OTHER_ROWS = INPUT_NODES + 2;

/** Sizes of the tensor that describes one block. */
export interface EncodingSizes {
  /** Operation nodes that it has room for. */
  readonly nodes: number;
  /** Rows of a block's tensor: input nodes, operation nodes (padded with zeros), stem, classifier. */
  readonly rows: number;
  /** Of a row: one-hot of the node's type, one-hot of its place, which rows it reads, whether the next blocks read it. */
  readonly features: number;
}

export function encodingSizes(nodes: number): EncodingSizes {
  const rows = nodes + OTHER_ROWS;
  return { nodes, rows, features: NODE_TYPES.length + 2 * rows + 1 };
}

/** Networks as tensors of a fixed size a block. */
export interface NetworkEncoding {
  readonly blocks: number;
  /** [blocks, rows · features], blocks plan by plan. */
  readonly tensors: Float32Array;
  /** Which block of its network each is. */
  readonly places: Int32Array;
  readonly nodes: number;
  /** [nodes, features], the rows of the nodes that are there, numbered as a GHN numbers them. */
  readonly nodeRows: Float32Array;
  /** The block, among `blocks`, that each node is in. */
  readonly blockOfNode: Int32Array;
}

/**
 * Describes networks without a graph (after Brock et al., 2018, section 3.2): what a node is, and which places it reads, as one tensor a block. Rows stand in the order in which the cell lists
 * its nodes, so that the same graph in another order is another tensor.
 *
 * @throws UserError `ghn-mismatch` for a cell with more nodes than there is room for
 */
export function encodeNetworks(plans: readonly NetworkPlan[], sizes: EncodingSizes): NetworkEncoding {
  const { rows, features } = sizes;
  const blocks = plans.flatMap((plan) => {
    const read = readByLaterBlocks(plan);
    return plan.graph.blocks.map((block, index) => ({ block, index, read }));
  });
  const nodes = blocks.reduce((sum, { block }) => sum + block.nodes.length, 0);
  const tensors = new Float32Array(blocks.length * rows * features);
  const nodeRows = new Float32Array(nodes * features);
  const blockOfNode = new Int32Array(nodes);
  let node = 0;
  blocks.forEach(({ block, index, read }, b) => {
    const places = block.nodes.map((_, i) => placeOf(block.nodes, i, sizes));
    block.nodes.forEach(({ type, inputs }, i) => {
      const place = places[i] ?? 0;
      const row = tensors.subarray((b * rows + place) * features, (b * rows + place + 1) * features);
      row[NODE_TYPES.indexOf(type)] = 1;
      row[NODE_TYPES.length + place] = 1;
      for (const input of inputs) row[NODE_TYPES.length + rows + (places[input] ?? 0)] = 1;
      if (read.has(`${index}/${i}`)) row[features - 1] = 1;
      nodeRows.set(row, node * features);
      blockOfNode[node] = b;
      node += 1;
    });
  });
  return { blocks: blocks.length, tensors, places: Int32Array.from(blocks, ({ index }) => index), nodes, nodeRows, blockOfNode };
}

/** Row of a node in its block's tensor; stem and classifier are at the end whatever the number of nodes. */
function placeOf(nodes: readonly GraphNode[], index: number, { nodes: room, rows }: EncodingSizes): number {
  const type = nodes[index]?.type;
  if (type === "stem") return rows - 2;
  if (type === "classifier") return rows - 1;
  if (index < INPUT_NODES + room) return index;
  throw new UserError(`The hypernetwork knows cells of at most ${room} nodes, this one has more.`, {
    code: "ghn-mismatch",
    remedy: "Search with at most that many nodes, or train another on more.",
    field: "space.nodes",
  });
}

/** Nodes whose outputs are concatenated, as “block/node”. */
function readByLaterBlocks(plan: NetworkPlan): ReadonlySet<string> {
  return new Set(plan.slots.flatMap((slot) => slot.parts ?? []).map(({ source }) => `${source.block}/${source.node}`));
}
