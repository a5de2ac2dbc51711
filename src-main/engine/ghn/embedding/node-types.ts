import { ALL_OPERATIONS } from "../../../../src-shared/domain/architecture/operations.ts";
import { type Tensor2D, tf } from "../../backend/ops/tf.ts";
import type { ComputationGraph, NodeType } from "../../network/plan-types.ts";

/**
 * Node types of the cell space, one entry of the one-hot vector each (docs/ghn.md, eq. 2). The order is part of the GHN file: first the paper's operations, then the
 * further ones of published cells, then the nodes around a cell.
 */
export const NODE_TYPES: readonly NodeType[] = [...ALL_OPERATIONS, "input0", "input1", "stem", "classifier"];

const INDEX: ReadonlyMap<NodeType, number> = new Map(NODE_TYPES.map((type, i) => [type, i]));

/**
 * One-hot vectors o of all nodes, graph by graph, block by block: [nodes, types].
 * @throws Error for an unknown node type
 */
export function oneHotTypes(graphs: readonly ComputationGraph[]): Tensor2D {
  const types = graphs.flatMap((graph) => graph.blocks.flatMap((block) => block.nodes.map((node) => node.type)));
  const values = new Float32Array(types.length * NODE_TYPES.length);
  types.forEach((type, node) => {
    const index = INDEX.get(type);
    if (index === undefined) throw new Error(`The GHN does not know the node type ${type}.`);
    values[node * NODE_TYPES.length + index] = 1;
  });
  return tf.tensor2d(values, [types.length, NODE_TYPES.length]);
}
