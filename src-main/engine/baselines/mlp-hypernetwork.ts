import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../backend/ops/tf.ts";
import { encodedNodes } from "../ghn/embedding/encoded-nodes.ts";
import { selectRows } from "../ghn/embedding/select-rows.ts";
import { embeddingSpec } from "../ghn/gnn-parameters.ts";
import { Hypernetwork } from "../ghn/hypernetwork.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import type { NetworkFamily, NodeEncoding } from "../spaces/shared/network-family.ts";

/**
 * The smallest control for a GHN: a hypernetwork that sees each node's operation, image scale and slot, and nothing of the graph (docs/ghn.md, eq. 36). It computes what
 * a GHN with T = 0 computes, without the parameters of a GNN. Nodes of one operation at one scale get the same weights wherever they are, so corresponding nodes of
 * isomorphic cells do, too.
 */
export class MlpHypernetwork extends Hypernetwork {
  private readonly encoding: NodeEncoding;

  /**
   * @param family networks that it generates weights for
   * @param rng draws the initial parameters; with null all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, { layout, encoding }: NetworkFamily, rng: Rng | null) {
    super(config, layout, [embeddingSpec(config.hiddenSize, encoding.entries)], rng);
    this.encoding = encoding;
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const graphs = plans.map((plan) => plan.graph);
    return selectRows(tf.matMul(encodedNodes(graphs, this.encoding), this.parameter("embedding") as unknown as Tensor2D) as Tensor2D, select);
  }
}
