import type { NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../backend/ops/tf.ts";
import { standardWeights } from "../ghn/decoder/branches.ts";
import type { ParameterSpec } from "../ghn/decoder/decoder.ts";
import { selectRows } from "../ghn/decoder/select-rows.ts";
import { Hypernetwork } from "../ghn/hypernetwork.ts";
import type { NetworkPlan } from "../network/plan-types.ts";
import type { Rng } from "../random.ts";
import { type EncodingSizes, encodeNetworks, encodingSizes } from "./smash-encoding.ts";

/**
 * Baseline in the style of SMASH (Brock et al., 2018): a hypernetwork that reads the architecture as a tensor of fixed size instead of passing messages along its graph. Each block's tensor
 * goes through a dense layer into a context that all its nodes share; a node's embedding comes from its own row of the tensor and that context. Its parameters grow with
 * the number of nodes, cells with more nodes than it was made for are refused, and the order in which a cell lists its nodes matters: isomorphic cells get different weights.
 */
export class SmashHypernetwork extends Hypernetwork {
  private readonly sizes: EncodingSizes;

  /**
   * @param nodes operation nodes of the cells, at most
   * @param rng draws the initial parameters; without one all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, nodes: number, network: NetworkConfig, input: NetworkInput, rng: Rng | null) {
    const sizes = encodingSizes(nodes);
    super(config, standardWeights(network, input), encoderSpecs(config, sizes, network.blocks), rng);
    this.sizes = sizes;
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const { rows, features } = this.sizes;
    const encoding = encodeNetworks(plans, this.sizes);
    const matrix = (name: string): Tensor2D => this.parameter(name) as unknown as Tensor2D;
    const tensors = tf.tensor2d(encoding.tensors, [encoding.blocks, rows * features]);
    const blockBias = selectRows(matrix("smash/block"), encoding.places);
    const context = tf.matMul(tf.relu(tf.add(tf.matMul(tensors, matrix("smash/cell")), blockBias)) as Tensor2D, matrix("smash/context"));
    const own = tf.matMul(tf.tensor2d(encoding.nodeRows, [encoding.nodes, features]), matrix("smash/node"));
    const hidden = tf.relu(tf.add(own, selectRows(context as Tensor2D, encoding.blockOfNode)));
    const embeddings = tf.add(tf.matMul(hidden as Tensor2D, matrix("smash/out")), this.parameter("smash/out-bias"));
    return selectRows(embeddings as Tensor2D, select);
  }
}

/** Ones in a row of the encoding, roughly: type, place, one or two inputs. */
const ONES_A_ROW = 4;

/** Initial values keep the second moment of what goes into a ReLU near one, and that of the embeddings near the quarter that the decoder counts on. */
function encoderSpecs({ hiddenSize, decoderHiddenSize: hidden }: GhnConfig, { rows, features }: EncodingSizes, blocks: number): ParameterSpec[] {
  return [
    { name: "smash/cell", shape: [rows * features, hidden], initial: { normal: Math.sqrt(1 / (ONES_A_ROW * rows)) } },
    // One row for each block of the network: its place in it, and the bias.
    { name: "smash/block", shape: [blocks, hidden], initial: { normal: 0.5 } },
    { name: "smash/context", shape: [hidden, hidden], initial: { normal: Math.sqrt(1 / hidden) } },
    { name: "smash/node", shape: [features, hidden], initial: { normal: Math.sqrt(1 / ONES_A_ROW) } },
    { name: "smash/out", shape: [hidden, hiddenSize], initial: { normal: Math.sqrt(1 / (3 * hidden)) } },
    { name: "smash/out-bias", shape: [hiddenSize], initial: { constants: () => 0 } },
  ];
}
