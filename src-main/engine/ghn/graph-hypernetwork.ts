import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../backend/ops/tf.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import type { NetworkFamily, NodeEncoding } from "../spaces/shared/network-family.ts";
import { encodedNodes } from "./embedding/encoded-nodes.ts";
import { gnnParameters, gnnSpecs } from "./gnn-parameters.ts";
import { Hypernetwork } from "./hypernetwork.ts";
import { propagate } from "./propagation/propagation.ts";

/**
 * Graph HyperNetwork (paper, section 2; docs/ghn.md): generates all weights of a network from its computation graph. Nodes start from learned embeddings of their
 * operations and exchange messages along the graph, block after block; a decoder then turns the final embeddings into weights (the paper's equations 2 to 5).
 *
 * It serves cells of any number of nodes and any operations; its size depends on neither.
 */
export class GraphHyperNetwork extends Hypernetwork {
  private readonly encoding: NodeEncoding;

  /**
   * @param family networks that it generates weights for
   * @param rng draws the initial parameters; with null all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, { layout, encoding }: NetworkFamily, rng: Rng | null) {
    super(config, layout, gnnSpecs(config, config.shareParameters ? 1 : layout.blocks, encoding.entries), rng);
    this.encoding = encoding;
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const graphs = plans.map((plan) => plan.graph);
    // h⁽⁰⁾ = o E, docs/ghn.md, eq. 2
    const initial = tf.matMul(encodedNodes(graphs, this.encoding), this.parameter("embedding") as unknown as Tensor2D) as Tensor2D;
    const gnn = gnnParameters((name) => this.parameter(name));
    return propagate(graphs, initial, gnn, this.config, select);
  }
}
