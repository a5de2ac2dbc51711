import { type Tensor2D, tf } from "../../backend/ops/tf.ts";
import type { ComputationGraph, GraphNode } from "../../network/plan-types.ts";
import type { NodeEncoding } from "../../spaces/shared/network-family.ts";

/**
 * Encodings o of all nodes (docs/ghn.md, eq. 2), graph by graph, block by block: [nodes, entries].
 * @throws Error for a node of another space
 */
export function encodedNodes(graphs: readonly ComputationGraph[], encoding: NodeEncoding): Tensor2D {
  return encoded(
    graphs.flatMap((graph) => graph.blocks.flatMap((block) => block.nodes.map((node) => ({ node, set: 0 })))),
    encoding,
    1,
  );
}

/** A node, and the embedding that it is multiplied by. */
export interface NodeOfSet {
  readonly node: GraphNode;
  readonly set: number;
}

/** Encodings of nodes for the embeddings of several sets below each other: [nodes, sets · entries]. */
export function encoded(nodes: readonly NodeOfSet[], { entries, onesOf }: NodeEncoding, sets: number): Tensor2D {
  const width = sets * entries;
  const values = new Float32Array(nodes.length * width);
  nodes.forEach(({ node, set }, i) => {
    for (const entry of onesOf(node)) values[i * width + set * entries + entry] = 1;
  });
  return tf.tensor2d(values, [nodes.length, width]);
}
