import { type Tensor2D, tf } from "../../backend/ops/tf.ts";
import type { ComputationGraph } from "../../network/plan-types.ts";
import type { NodeEncoding } from "../../spaces/shared/network-family.ts";

/**
 * Encodings o of all nodes (docs/ghn.md, eq. 2), graph by graph, block by block: [nodes, entries].
 * @throws Error for a node of another space
 */
export function encodedNodes(graphs: readonly ComputationGraph[], { entries, onesOf }: NodeEncoding): Tensor2D {
  const nodes = graphs.flatMap((graph) => graph.blocks.flatMap((block) => block.nodes));
  const values = new Float32Array(nodes.length * entries);
  nodes.forEach((node, i) => {
    for (const entry of onesOf(node)) values[i * entries + entry] = 1;
  });
  return tf.tensor2d(values, [nodes.length, entries]);
}
