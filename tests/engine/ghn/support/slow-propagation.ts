/**
 * The readable reference of message passing: docs/ghn.md, sections 3 and 4, one node at a time, in tensor operations. Tests compare the fused operation of
 * src-main/engine/ghn/propagation with it.
 */
import { type Tensor2D, tf } from "../../../../src-main/engine/backend/ops/tf.ts";
import type { GnnParameters } from "../../../../src-main/engine/ghn/propagation/packed-parameters.ts";
import type { PropagationSettings } from "../../../../src-main/engine/ghn/propagation/schedule.ts";
import type { ComputationGraph, GraphBlock } from "../../../../src-main/engine/network/plan-types.ts";

type Sets = GnnParameters<Tensor2D>;

/** Final embeddings of all nodes of one graph, [nodes, D]. Blocks are stacked as in eq. 13. */
export function slowPropagate(graph: ComputationGraph, embeddings: Tensor2D, parameters: GnnParameters, settings: PropagationSettings): Tensor2D {
  const width = embeddings.shape[1];
  const results: Tensor2D[] = [];
  let graphEmbedding = tf.zeros([1, width]) as Tensor2D;
  let first = 0;
  graph.blocks.forEach((block, b) => {
    const set = setOf(parameters, settings.sharing === "all" ? 0 : b);
    let states = block.nodes.map((_, node) => tf.slice2d(embeddings, [first + node, 0], [1, width]));
    first += block.nodes.length;
    for (let t = 0; t < settings.propagationSteps; t++) {
      const passed = settings.passEmbedding ? graphEmbedding : null;
      states = settings.propagation === "synchronous" ? synchronous(block, states, passed, set) : phase(block, states, passed, set);
    }
    results.push(...states);
    graphEmbedding = tf.mean(tf.concat2d(states, 0), 0, true);
  });
  return tf.concat2d(results, 0);
}

/** One phase of forward-backward propagation, eqs. 10 and 11. */
function phase(block: GraphBlock, before: readonly Tensor2D[], passed: Tensor2D | null, set: Sets): Tensor2D[] {
  const states = [...before];
  const activate = (node: number, senders: readonly number[], extra: readonly Tensor2D[]): void => {
    const messages = [...senders.map((sender) => state(states, sender)), ...extra].map((sender) => message(sender, set));
    states[node] = gru(state(states, node), sum(messages, set), set);
  };
  for (const node of block.order) activate(node, block.nodes[node]?.inputs ?? [], node < 2 && passed !== null ? [passed] : []);
  for (const node of [...block.order].reverse()) {
    const readers = readersOf(block, node);
    if (readers.length > 0) activate(node, readers, []);
  }
  return states;
}

/** One synchronous step, eq. 12. */
function synchronous(block: GraphBlock, before: readonly Tensor2D[], passed: Tensor2D | null, set: Sets): Tensor2D[] {
  return before.map((old, node) => {
    const neighbours = [...(block.nodes[node]?.inputs ?? []), ...readersOf(block, node)].map((sender) => state(before, sender));
    const senders = node < 2 && passed !== null ? [...neighbours, passed] : neighbours;
    return gru(
      old,
      sum(
        senders.map((sender) => message(sender, set)),
        set,
      ),
      set,
    );
  });
}

function readersOf(block: GraphBlock, node: number): number[] {
  return block.nodes.flatMap(({ inputs }, reader) => (inputs.includes(node) ? [reader] : []));
}

/** M(h), eqs. 3 and 4. */
function message(h: Tensor2D, set: Sets): Tensor2D {
  return tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(h, set.messageIn), set.messageInBias)) as Tensor2D, set.messageOut), set.messageOutBias);
}

/** m, eq. 5; zero if there are no messages. */
function sum(messages: readonly Tensor2D[], set: Sets): Tensor2D {
  return messages.reduce((total, one) => tf.add(total, one), tf.zerosLike(set.messageOutBias));
}

/** h′, eqs. 6 to 9. */
function gru(h: Tensor2D, m: Tensor2D, set: Sets): Tensor2D {
  const x = tf.split(tf.add(tf.matMul(m, set.gruMessage), set.gruMessageBias) as Tensor2D, 3, 1);
  const y = tf.split(tf.add(tf.matMul(h, set.gruState), set.gruStateBias) as Tensor2D, 3, 1);
  const [xr, xz, xc] = x as [Tensor2D, Tensor2D, Tensor2D];
  const [yr, yz, yc] = y as [Tensor2D, Tensor2D, Tensor2D];
  const r = tf.sigmoid(tf.add(xr, yr));
  const z = tf.sigmoid(tf.add(xz, yz));
  const candidate = tf.tanh(tf.add(xc, tf.mul(r, yc)));
  return tf.add(tf.mul(tf.sub(1, z), candidate), tf.mul(z, h));
}

/** One set of parameters, with vectors as matrices of one row. */
function setOf(parameters: GnnParameters, set: number): Sets {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, tensor]) => {
      const shape = tensor.shape.slice(1) as number[];
      const one = tf.slice(tensor, [set, ...shape.map(() => 0)], [1, ...shape]);
      return [name, tf.reshape(one, shape.length === 1 ? [1, ...shape] : shape)];
    }),
  ) as unknown as Sets;
}

function state(states: readonly Tensor2D[], node: number): Tensor2D {
  const found = states[node];
  if (found === undefined) throw new Error(`There is no node ${node}.`);
  return found;
}
