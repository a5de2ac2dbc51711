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
 * One phase of forward-backward propagation (docs/ghn.md, eqs. 10 and 11): all nodes in topological order with messages along the edges, then all nodes with successors
 * in reverse order with messages against them. Nodes that do not exchange messages share a level, which gives the same result as updating them one after the other. The
 * result does not depend on which topological order the nodes are listed in.
 */
export function forwardBackwardPhase(block: GraphBlock): readonly Level[] {
  return cached(phases, block, () => {
    const successors = successorsOf(block);
    // Nodes without successors are where the backward sweep starts: nothing sends to them, so they are updated only once per phase.
    const reversed = [...block.order].reverse().filter((node) => (successors[node] ?? []).length > 0);
    const forward = levels(block.order, (node) => inputsOf(block, node), true);
    const backward = levels(reversed, (node) => successors[node] ?? [], false);
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
