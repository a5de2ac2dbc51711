import type { Rng } from "../../../../src-main/engine/random.ts";
import { INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";

/** What a cell of any space has: nodes in topological order that read earlier ones. */
interface Listed {
  readonly inputs: readonly number[];
}

/** The same graph in another order. */
export interface Relabelled<T> {
  readonly nodes: T[];
  /** Index of each node in the new order, by its index in the old one; input nodes stay where they are. */
  readonly indexOf: readonly number[];
}

/** Lists the nodes of a cell in a random topological order, and the inputs of each node in a random order. */
export function relabelled<T extends Listed>(nodes: readonly T[], rng: Rng): Relabelled<T> {
  const indexOf = Array.from({ length: INPUT_NODES }, (_, i) => i);
  const result: T[] = [];
  const waiting = new Set(nodes.keys());
  while (waiting.size > 0) {
    const ready = [...waiting].filter((i) => nodes[i]?.inputs.every((input) => indexOf[input] !== undefined));
    const next = rng.choice(ready);
    const node = nodes[next];
    if (node === undefined) throw new Error("The nodes are not in topological order.");
    waiting.delete(next);
    indexOf[INPUT_NODES + next] = INPUT_NODES + result.length;
    result.push({ ...node, inputs: rng.shuffle(node.inputs.map((input) => indexOf[input] ?? -1)) });
  }
  return { nodes: result, indexOf };
}
