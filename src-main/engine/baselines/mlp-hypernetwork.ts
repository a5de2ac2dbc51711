import type { NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../backend/ops/tf.ts";
import { standardWeights } from "../ghn/decoder/branches.ts";
import { selectRows } from "../ghn/decoder/select-rows.ts";
import { oneHotTypes } from "../ghn/embedding/embedding.ts";
import { embeddingSpec } from "../ghn/gnn-parameters.ts";
import { Hypernetwork } from "../ghn/hypernetwork.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";

/**
 * The smallest control of a GHN: a hypernetwork that sees each node's operation, the scale and the slot, and nothing of the graph. It computes what a GHN with T = 0 computes, without
 * the parameters of a GNN. Nodes of one operation at one scale get the same weights wherever they are; so isomorphic cells, too, get the same at corresponding nodes.
 */
export class MlpHypernetwork extends Hypernetwork {
  /**
   * @param rng draws the initial parameters; without one all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, network: NetworkConfig, input: NetworkInput, rng: Rng | null) {
    super(config, standardWeights(network, input), [embeddingSpec(config.hiddenSize)], rng);
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const types = oneHotTypes(plans.map((plan) => plan.graph));
    return selectRows(tf.matMul(types, this.parameter("embedding") as unknown as Tensor2D) as Tensor2D, select);
  }
}
