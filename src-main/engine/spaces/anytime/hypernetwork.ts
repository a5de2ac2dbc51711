import { ANYTIME_OPERATIONS } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { AnytimeNetwork, AnytimeSpace } from "../../../../src-shared/domain/config/anytime-config.ts";
import type { GhnConfig } from "../../../../src-shared/domain/config/run-config.ts";
import { type Tensor2D, tf } from "../../backend/ops/tf.ts";
import type { OutputHead, ParameterLayout } from "../../ghn/decoder/parameter-layout.ts";
import { gnnParameters, gnnSpecs } from "../../ghn/gnn-parameters.ts";
import { Hypernetwork } from "../../ghn/hypernetwork.ts";
import { propagate } from "../../ghn/propagation/propagation.ts";
import type { ComputationGraph, NetworkPlan, NodeType } from "../../network/plan-types.ts";
import type { Rng } from "../../random.ts";
import { channelsAt } from "./plan.ts";

/** Vocabulary of the anytime space. The order is part of the GHN file. */
const NODE_TYPES: readonly NodeType[] = [...ANYTIME_OPERATIONS, "input0", "input1", "stem"];
/** With an exit, and without. */
const EXIT_ENTRIES = 2;

/** The largest weights of the space, whatever the architecture. */
export function anytimeParameterLayout(
  { nodes, scales }: Pick<AnytimeSpace, "nodes" | "scales">,
  network: AnytimeNetwork,
  input: NetworkInput,
): ParameterLayout {
  const widest = channelsAt(scales - 1, network);
  const none: OutputHead = { sizes: [1], centred: 0 };
  const channels = (...sizes: number[]): OutputHead => ({ sizes, centred: 0 });
  return {
    blocks: nodes.length,
    scales,
    scaleOf: (plan, { block, node }) => plan.graph.blocks[block]?.nodes[node]?.scale ?? 0,
    kernelSide: 5,
    outputHeads: {
      stem: { sizes: [3, 3, input.channels * channelsAt(0, network)], centred: 2 },
      bottleneck: channels(widest, widest),
      pointwise: channels(widest, widest),
      scale: channels(widest),
      shift: channels(widest),
      classifier: channels(widest, input.classes),
      bias: channels(input.classes),
      // The space has neither separable nor factorised convolutions.
      conv1xk: none,
      convkx1: none,
      depthwise: none,
    },
  };
}

/**
 * The GHN of the anytime space (paper, appendix 5.2). A node starts from a learned embedding of its operation and of two more one-hot vectors: its scale, and whether an exit is
 * attached to it. Bottlenecks come from edge activations, parent's and child's embedding side by side; their parts are put one behind the other.
 */
export class AnytimeHyperNetwork extends Hypernetwork {
  private readonly scales: number;

  /**
   * @param rng draws the initial parameters; without one all are zero, for weights that are imported next
   * @throws UserError `ghn-too-large`
   */
  constructor(config: GhnConfig, space: Pick<AnytimeSpace, "nodes" | "scales">, network: AnytimeNetwork, input: NetworkInput, rng: Rng | null) {
    const entries = NODE_TYPES.length + space.scales + EXIT_ENTRIES;
    super(config, anytimeParameterLayout(space, network, input), gnnSpecs(config, config.shareParameters ? 1 : space.nodes.length, entries), rng);
    this.scales = space.scales;
  }

  protected embed(plans: readonly NetworkPlan[], select: Int32Array): Tensor2D {
    const graphs = plans.map((plan) => plan.graph);
    const initial = tf.matMul(oneHotNodes(graphs, this.scales), this.parameter("embedding") as unknown as Tensor2D) as Tensor2D;
    const gnn = gnnParameters((name) => this.parameter(name));
    return propagate(graphs, initial, gnn, this.config, select);
  }
}

/** [operation | scale | exit] of all nodes as one-hot vectors side by side, graph by graph, block by block: [nodes, entries]. @throws Error for a foreign node */
export function oneHotNodes(graphs: readonly ComputationGraph[], scales: number): Tensor2D {
  const nodes = graphs.flatMap((graph) => graph.blocks.flatMap((block) => block.nodes));
  const entries = NODE_TYPES.length + scales + EXIT_ENTRIES;
  const values = new Float32Array(nodes.length * entries);
  nodes.forEach(({ type, scale = -1, exit = false }, i) => {
    const operation = NODE_TYPES.indexOf(type);
    if (operation < 0 || scale < 0 || scale >= scales) throw new Error(`The anytime GHN knows no node ${type} at scale ${scale}.`);
    values[i * entries + operation] = 1;
    values[i * entries + NODE_TYPES.length + scale] = 1;
    values[i * entries + NODE_TYPES.length + scales + (exit ? 1 : 0)] = 1;
  });
  return tf.tensor2d(values, [nodes.length, entries]);
}
