import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../backend/ops/tf.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import type { NetworkFamily, NodeEncoding } from "../spaces/shared/network-family.ts";
import { BlockEmbedding } from "./embedding/block-embedding.ts";
import { encodedNodes } from "./embedding/encoded-nodes.ts";
import { gnnParameters } from "./gnn-parameters.ts";
import { Hypernetwork } from "./hypernetwork.ts";
import { graphSpecs } from "./hypernetwork-specs.ts";
import { propagate } from "./propagation/propagation.ts";

/**
 * Graph HyperNetwork (paper, section 2; docs/ghn.md): generates all weights of a network from its computation graph. Nodes start from learned embeddings of their
 * operations and exchange messages along the graph, block after block; a decoder then turns the final embeddings into weights (the paper's equations 2 to 5).
 *
 * It serves cells of any number of nodes and any operations; its size depends on neither. With `sharing` "none" it consists of one GHN for every block.
 */
export class GraphHyperNetwork extends Hypernetwork {
  private readonly encoding: NodeEncoding;

  /**
   * @param family networks that it generates weights for
   * @param rng draws the initial parameters; with null all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, family: NetworkFamily, rng: Rng | null) {
    super(config, family.layout, graphSpecs(config, family), rng);
    this.encoding = family.encoding;
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const graphs = plans.map((plan) => plan.graph);
    const gnn = gnnParameters((name) => this.parameter(name));
    if (this.config.sharing === "none") {
      const embedding = new BlockEmbedding(graphs, this.encoding, this.parameter("embedding"));
      const { own, others } = embedding.separate(select);
      const final = propagate(graphs, embedding.initial(), gnn, this.config, own);
      return others === null ? final : tf.add(final, others);
    }
    // h⁽⁰⁾ = o E, docs/ghn.md, eq. 2
    const initial = tf.matMul(encodedNodes(graphs, this.encoding), this.parameter("embedding") as unknown as Tensor2D) as Tensor2D;
    return propagate(graphs, initial, gnn, this.config, select);
  }
}
