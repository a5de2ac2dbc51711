import { type Tensor2D, tf, type Variable } from "../../backend/ops/tf.ts";
import type { ComputationGraph } from "../../network/plan-types.ts";
import type { NodeEncoding } from "../../spaces/shared/network-family.ts";
import { encoded, type NodeOfSet } from "./encoded-nodes.ts";
import { selectRows } from "./select-rows.ts";

/**
 * Initial embeddings if every block has its own GHN: block i embeds nodes with E_i (docs/ghn.md, eq. 2). Nothing of another block's GHN reaches block i, so a weight
 * that reads a concatenation sees each source in another block by its type alone, o_u E_i.
 */
export class BlockEmbedding {
  /** Nodes of the graphs, with the number of their block. */
  private readonly nodes: readonly NodeOfSet[];
  private readonly encoding: NodeEncoding;
  /** All embeddings below each other, [blocks · entries, D]. */
  private readonly matrix: Tensor2D;
  private readonly blocks: number;

  /** @param embedding E of all blocks, [blocks, entries, D] */
  constructor(graphs: readonly ComputationGraph[], encoding: NodeEncoding, embedding: Variable) {
    this.nodes = graphs.flatMap((graph) => graph.blocks.flatMap((block, set) => block.nodes.map((node) => ({ node, set }))));
    this.encoding = encoding;
    const [blocks = 0, entries = 0, width = 0] = embedding.shape;
    this.blocks = blocks;
    this.matrix = tf.reshape(embedding, [blocks * entries, width]);
  }

  /** h⁽⁰⁾ of all nodes, each by the embedding of its block. */
  initial(): Tensor2D {
    return this.embeddingOf(this.nodes);
  }

  /**
   * Separates pairs of owner and source, as numbers of nodes.
   * @returns the pairs with −1 for every source in another block than its owner, and the embeddings of those sources, [pairs.length, D] with zeros elsewhere; null if there are none
   */
  separate(pairs: Int32Array): { readonly own: Int32Array; readonly others: Tensor2D | null } {
    const own = pairs.slice();
    const rowOf = new Map<string, number>();
    const others: NodeOfSet[] = [];
    const select = new Int32Array(pairs.length).fill(-1);
    for (let i = 1; i < pairs.length; i += 2) {
      const [owner, source] = [this.nodes[pairs[i - 1] ?? -1], this.nodes[pairs[i] ?? -1]];
      if (owner === undefined || source === undefined || owner.set === source.set) continue;
      const key = `${owner.set}/${this.encoding.onesOf(source.node).join()}`;
      const row = rowOf.get(key) ?? others.push({ node: source.node, set: owner.set }) - 1;
      rowOf.set(key, row);
      own[i] = -1;
      select[i] = row;
    }
    return { own, others: others.length === 0 ? null : selectRows(this.embeddingOf(others), select) };
  }

  private embeddingOf(nodes: readonly NodeOfSet[]): Tensor2D {
    return tf.matMul(encoded(nodes, this.encoding, this.blocks), this.matrix);
  }
}
