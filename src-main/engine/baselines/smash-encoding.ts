import { INPUT_NODES } from "../../../src-shared/domain/architecture/cell.ts";
import { UserError } from "../../lib/errors.ts";
import type { GraphNode, NetworkPlan } from "../network/plan-types.ts";
import type { NodeEncoding } from "../spaces/shared/network-family.ts";

/** Rows of a block's tensor that are not operation nodes: the input nodes, the stem and the classifier. */
const OTHER_ROWS = INPUT_NODES + 2;

/** Sizes of the tensor that describes one block. */
export interface EncodingSizes {
  /** Largest number of operation nodes. */
  readonly nodes: number;
  /** Rows of a block's tensor: input nodes, operation nodes (padded with zeros), stem, classifier. */
  readonly rows: number;
  /** Length of a row: one-hot of the node's type, one-hot of its position, the rows that it reads, and whether the next blocks read it. */
  readonly features: number;
}

export function encodingSizes(nodes: number, { entries }: NodeEncoding): EncodingSizes {
  const rows = nodes + OTHER_ROWS;
  return { nodes, rows, features: entries + 2 * rows + 1 };
}

/** Networks as one tensor of fixed size per block. */
export interface NetworkEncoding {
  readonly blocks: number;
  /** Tensor X of each block, [blocks, rows · features], blocks plan by plan. */
  readonly tensors: Float32Array;
  /** Position of each block in its network. */
  readonly positions: Int32Array;
  readonly nodes: number;
  /** [nodes, features]: the rows x of the nodes that exist, numbered as a GHN numbers them. */
  readonly nodeRows: Float32Array;
  /** The block, among `blocks`, that each node is in. */
  readonly blockOfNode: Int32Array;
}

/**
 * Describes networks without a graph (after Brock et al., 2018, section 3.2): the type of each node and the positions that it reads, as one tensor per block. Rows are in
 * the order in which the cell lists its nodes, so the same graph in another order gives another tensor.
 *
 * @throws UserError `ghn-mismatch` for a cell with more nodes than the tensor has rows for
 */
export function encodeNetworks(plans: readonly NetworkPlan[], sizes: EncodingSizes, { entries, onesOf }: NodeEncoding): NetworkEncoding {
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
    const positions = block.nodes.map((_, i) => positionOf(block.nodes, i, sizes));
    block.nodes.forEach((graphNode, i) => {
      const position = positions[i] ?? 0;
      const row = tensors.subarray((b * rows + position) * features, (b * rows + position + 1) * features);
      for (const entry of onesOf(graphNode)) row[entry] = 1;
      row[entries + position] = 1;
      for (const input of graphNode.inputs) row[entries + rows + (positions[input] ?? 0)] = 1;
      if (read.has(`${index}/${i}`)) row[features - 1] = 1;
      nodeRows.set(row, node * features);
      blockOfNode[node] = b;
      node += 1;
    });
  });
  return { blocks: blocks.length, tensors, positions: Int32Array.from(blocks, ({ index }) => index), nodes, nodeRows, blockOfNode };
}

/** Row of a node in its block's tensor. Stem and classifier are the last rows, whatever the number of nodes. */
function positionOf(nodes: readonly GraphNode[], index: number, { nodes: most, rows }: EncodingSizes): number {
  const type = nodes[index]?.type;
  if (type === "stem") return rows - 2;
  if (type === "classifier") return rows - 1;
  if (index < INPUT_NODES + most) return index;
  throw new UserError(`The SMASH-style hypernetwork supports cells of at most ${most} nodes; this cell has more.`, {
    code: "ghn-mismatch",
    remedy: `Search with at most ${most} nodes, or train another hypernetwork on larger cells.`,
    field: "space.nodes",
  });
}

/** Nodes whose outputs are concatenated, as “block/node”. */
function readByLaterBlocks(plan: NetworkPlan): ReadonlySet<string> {
  return new Set(plan.slots.flatMap((slot) => slot.parts ?? []).map(({ source }) => `${source.block}/${source.node}`));
}
