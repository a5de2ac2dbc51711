import type { GraphBlock } from "../../network/plan-types.ts";

/** A node that is updated, and whose messages it takes. Indices as in the block's `nodes`. */
export interface Activation {
  readonly node: number;
  readonly senders: readonly number[];
  /** Whether the embedding of the block before comes as one more message. */
  readonly takesGraphEmbedding: boolean;
}

/** Nodes that are updated together, since none of them sends to another. */
export type Level = readonly Activation[];

const INPUTS = [0, 1];

const phases = new WeakMap<GraphBlock, Level[]>();
const steps = new WeakMap<GraphBlock, Level[]>();

/**
 * One phase of forward-backward propagation (notes on the paper, section 1): s(1) … s(n) along the edges, then s(n-1) … s(1) against them, for a topological order s.
 * Nodes between which no messages run share a level; the result is the same as one after the other.
 */
export function forwardBackwardPhase(block: GraphBlock): readonly Level[] {
  return remembered(phases, block, () => {
    const successors = successorsOf(block);
    const reversed = [...block.order].reverse();
    const forward = levels(block.order, (node) => inputsOf(block, node), true);
    // The last node of the order turns the sweep round: it is updated once only.
    const backward = levels(reversed.slice(1), (node) => successors[node] ?? [], false);
    return [...forward, ...backward];
  });
}

/** One step of synchronous propagation: every node at once, messages along the edges and against them. */
export function synchronousStep(block: GraphBlock): readonly Level[] {
  return remembered(steps, block, () => {
    const successors = successorsOf(block);
    return [
      block.nodes.map((_, node) => ({ node, senders: [...inputsOf(block, node), ...(successors[node] ?? [])], takesGraphEmbedding: INPUTS.includes(node) })),
    ];
  });
}

/** Puts nodes into the earliest level behind all their senders. Senders outside of `order` are not updated in this sweep. */
function levels(order: readonly number[], sendersOf: (node: number) => readonly number[], forward: boolean): Level[] {
  const levelOf = new Map<number, number>();
  const result: Activation[][] = [];
  for (const node of order) {
    const senders = sendersOf(node);
    const level = senders.reduce((highest, sender) => Math.max(highest, (levelOf.get(sender) ?? -1) + 1), 0);
    levelOf.set(node, level);
    const members = result[level] ?? [];
    members.push({ node, senders, takesGraphEmbedding: forward && INPUTS.includes(node) });
    result[level] = members;
  }
  return result;
}

function inputsOf(block: GraphBlock, node: number): readonly number[] {
  return block.nodes[node]?.inputs ?? [];
}

function successorsOf(block: GraphBlock): number[][] {
  const successors = block.nodes.map((): number[] => []);
  block.nodes.forEach(({ inputs }, node) => {
    for (const input of inputs) successors[input]?.push(node);
  });
  return successors;
}

/** The blocks of a network mostly share one sub-graph. */
function remembered(known: WeakMap<GraphBlock, Level[]>, block: GraphBlock, compute: () => Level[]): Level[] {
  const found = known.get(block);
  if (found !== undefined) return found;
  const result = compute();
  known.set(block, result);
  return result;
}
