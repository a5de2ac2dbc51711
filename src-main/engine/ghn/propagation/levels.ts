import type { GraphBlock } from "../../network/plan-types.ts";

/** One update of a node: the nodes whose messages it receives. Indices are those of the block's `nodes`. */
export interface Activation {
  readonly node: number;
  readonly senders: readonly number[];
  /** Whether it receives the embedding of the previous block as one more message (docs/ghn.md, eq. 10). */
  readonly takesGraphEmbedding: boolean;
}

/** Nodes that can be updated together because none of them sends to another. */
export type Level = readonly Activation[];

/** Every block starts with its two input nodes. */
const INPUTS = [0, 1];

const phases = new WeakMap<GraphBlock, Level[]>();
const steps = new WeakMap<GraphBlock, Level[]>();

/**
 * One phase of forward-backward propagation (docs/ghn.md, eqs. 10 and 11): s(1) … s(n) along the edges, then s(n − 1) … s(1) against them, for a topological order s.
 * Nodes that do not exchange messages share a level, which gives the same result as updating them one after the other.
 */
export function forwardBackwardPhase(block: GraphBlock): readonly Level[] {
  return cached(phases, block, () => {
    const successors = successorsOf(block);
    const reversed = [...block.order].reverse();
    const forward = levels(block.order, (node) => inputsOf(block, node), true);
    // The backward sweep starts at the second-to-last node: the last node is updated only once per phase.
    const backward = levels(reversed.slice(1), (node) => successors[node] ?? [], false);
    return [...forward, ...backward];
  });
}

/** One step of synchronous propagation (docs/ghn.md, eq. 12): all nodes at once, with messages along the edges and against them. */
export function synchronousStep(block: GraphBlock): readonly Level[] {
  return cached(steps, block, () => {
    const successors = successorsOf(block);
    return [
      block.nodes.map((_, node) => ({ node, senders: [...inputsOf(block, node), ...(successors[node] ?? [])], takesGraphEmbedding: INPUTS.includes(node) })),
    ];
  });
}

/** Puts each node into the earliest level after those of all its senders. Senders that are not in `order` are not updated in this sweep. */
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

/** Most blocks of a network share one graph object, so its levels are computed once. */
function cached(cache: WeakMap<GraphBlock, Level[]>, block: GraphBlock, compute: () => Level[]): Level[] {
  const found = cache.get(block);
  if (found !== undefined) return found;
  const result = compute();
  cache.set(block, result);
  return result;
}
