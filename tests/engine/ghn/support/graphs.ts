import { type Tensor, tf } from "../../../../src-main/engine/backend/ops/tf.ts";
import type { GnnParameters } from "../../../../src-main/engine/ghn/propagation/packed-parameters.ts";
import type { ComputationGraph, GraphBlock, GraphNode, NodeType } from "../../../../src-main/engine/network/plan-types.ts";
import type { Rng } from "../../../../src-main/engine/random.ts";

const TYPES: readonly NodeType[] = ["identity", "conv1x1", "sepConv3x3", "maxPool3x3"];

/** Stacked blocks with random edges. Unlike in real cells, their topological order is not 0, 1, 2 … */
export function randomGraph(rng: Rng, blocks: number, operations: number): ComputationGraph {
  return { blocks: Array.from({ length: blocks }, () => randomBlock(rng, operations)) };
}

function randomBlock(rng: Rng, operations: number): GraphBlock {
  // The input nodes come first, then the operation nodes in random order.
  const order = [0, 1, ...[...rng.permutation(operations)].map((i) => i + 2)];
  const nodes: GraphNode[] = order.map((_, node) => ({ type: node < 2 ? (node === 0 ? "input0" : "input1") : rng.choice(TYPES), inputs: [] }));
  for (let place = 2; place < order.length; place++) {
    const earlier = order.slice(0, place);
    const count = Math.min(earlier.length, 1 + rng.int(3));
    const inputs = rng.shuffle([...earlier]).slice(0, count);
    const node = order[place] ?? 0;
    nodes[node] = { type: nodes[node]?.type ?? "identity", inputs };
  }
  return { nodes, order };
}

export function countNodes(graphs: readonly ComputationGraph[]): number {
  return graphs.reduce((sum, graph) => sum + graph.blocks.reduce((of, block) => of + block.nodes.length, 0), 0);
}

export interface Values {
  readonly shape: number[];
  readonly values: Float32Array;
}

export function normal(rng: Rng, shape: number[], deviation = 1): Values {
  return { shape, values: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => deviation * rng.normal()) };
}

export function toTensor<T extends Tensor>({ shape, values }: Values): T {
  return tf.tensor(values.slice(), shape) as T;
}

/** Random parameters, small enough that no gate saturates. */
export function randomParameters(rng: Rng, sets: number, width: number, message: number): GnnParameters<Values> {
  const scale = 1 / Math.sqrt(width);
  return {
    messageIn: normal(rng, [sets, width, message], scale),
    messageInBias: normal(rng, [sets, message], 0.3),
    messageOut: normal(rng, [sets, message, width], scale),
    messageOutBias: normal(rng, [sets, width], 0.3),
    gruMessage: normal(rng, [sets, width, 3 * width], scale),
    gruMessageBias: normal(rng, [sets, 3 * width], 0.3),
    gruState: normal(rng, [sets, width, 3 * width], scale),
    gruStateBias: normal(rng, [sets, 3 * width], 0.3),
  };
}

export const PARAMETER_NAMES = [
  "messageIn",
  "messageInBias",
  "messageOut",
  "messageOutBias",
  "gruMessage",
  "gruMessageBias",
  "gruState",
  "gruStateBias",
] as const satisfies (keyof GnnParameters)[];

/** Parameters in the order of `PARAMETER_NAMES`. */
export function parametersOf<T>(list: readonly T[]): GnnParameters<T> {
  return Object.fromEntries(PARAMETER_NAMES.map((name, i) => [name, list[i]])) as unknown as GnnParameters<T>;
}
