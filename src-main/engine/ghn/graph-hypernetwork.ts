import type { NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../backend/ops/tf.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import { cellParameterLayout } from "./decoder/parameter-layout.ts";
import { oneHotTypes } from "./embedding/node-types.ts";
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
  /**
   * @param rng draws the initial parameters; with null all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, network: NetworkConfig, input: NetworkInput, rng: Rng | null) {
    super(config, cellParameterLayout(network, input), gnnSpecs(config, config.shareParameters ? 1 : network.blocks), rng);
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const graphs = plans.map((plan) => plan.graph);
    // h⁽⁰⁾ = o E, docs/ghn.md, eq. 2
    const initial = tf.matMul(oneHotTypes(graphs), this.parameter("embedding") as unknown as Tensor2D) as Tensor2D;
    const gnn = gnnParameters((name) => this.parameter(name));
    return propagate(graphs, initial, gnn, this.config, select);
  }
}
