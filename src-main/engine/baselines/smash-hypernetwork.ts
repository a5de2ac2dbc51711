import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../backend/ops/tf.ts";
import { selectRows } from "../ghn/embedding/select-rows.ts";
import { Hypernetwork } from "../ghn/hypernetwork.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import type { NetworkFamily, NodeEncoding } from "../spaces/shared/network-family.ts";
import { type EncodingSizes, encodeNetworks, encodingSizes } from "./smash-encoding.ts";
import { encoderSpecs } from "./smash-parameters.ts";

/**
 * Baseline in the style of SMASH (Brock et al., 2018; docs/ghn.md, eqs. 37 and 38): a hypernetwork that reads the architecture as a tensor of fixed size instead of passing
 * messages along its graph. A dense layer turns each block's tensor into a context that all nodes of the block share; a node's embedding is computed from its own row of
 * the tensor and that context. The number of parameters grows with the number of nodes, and larger cells are refused. The order in which a cell lists its nodes matters:
 * isomorphic cells get different weights.
 */
export class SmashHypernetwork extends Hypernetwork {
  private readonly sizes: EncodingSizes;
  private readonly encoding: NodeEncoding;

  /**
   * @param nodes largest number of operation nodes of a cell
   * @param family networks that it generates weights for
   * @param rng draws the initial parameters; with null all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, nodes: number, { layout, encoding }: NetworkFamily, rng: Rng | null) {
    const sizes = encodingSizes(nodes, encoding);
    super(config, layout, encoderSpecs(config, sizes, layout.blocks), rng);
    this.sizes = sizes;
    this.encoding = encoding;
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const { rows, features } = this.sizes;
    const encoding = encodeNetworks(plans, this.sizes, this.encoding);
    const matrix = (name: string): Tensor2D => this.parameter(name) as unknown as Tensor2D;
    // k = relu(X C₁ + p) C₂, eq. 37
    const tensors = tf.tensor2d(encoding.tensors, [encoding.blocks, rows * features]);
    const blockBias = selectRows(matrix("smash/block"), encoding.positions);
    const context = tf.matMul(tf.relu(tf.add(tf.matMul(tensors, matrix("smash/cell")), blockBias)) as Tensor2D, matrix("smash/context"));
    // h = relu(x C₃ + k) C₄ + b₄, eq. 38
    const own = tf.matMul(tf.tensor2d(encoding.nodeRows, [encoding.nodes, features]), matrix("smash/node"));
    const hidden = tf.relu(tf.add(own, selectRows(context as Tensor2D, encoding.blockOfNode)));
    const embeddings = tf.add(tf.matMul(hidden as Tensor2D, matrix("smash/out")), this.parameter("smash/out-bias"));
    return selectRows(embeddings as Tensor2D, select);
  }
}
