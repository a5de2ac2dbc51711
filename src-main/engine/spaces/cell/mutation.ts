import { type Cell, INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import type { CellSpace } from "../../../../src-shared/domain/architecture/search-space.ts";
import type { Rng } from "../../random.ts";

/** Makes one random change: another operation or another input of a node. The result is always a valid cell. */
export function mutateCell(cell: Cell, space: CellSpace, rng: Rng): Cell {
  const nodes = cell.nodes.map((node) => ({ operation: node.operation, inputs: [...node.inputs] }));
  const index = rng.int(nodes.length);
  const node = nodes[index];
  if (node === undefined) return cell;
  const others = space.operations.filter((operation) => operation !== node.operation);
  const canRewire = INPUT_NODES + index > node.inputs.length;
  if (others.length > 0 && (!canRewire || rng.bernoulli(0.5))) {
    node.operation = rng.choice(others);
  } else if (canRewire) {
    const used = new Set(node.inputs);
    const free = Array.from({ length: INPUT_NODES + index }, (_, i) => i).filter((i) => !used.has(i));
    const move = rng.int(3);
    if (move === 0 && node.inputs.length > 1) node.inputs.splice(rng.int(node.inputs.length), 1);
    else if (move === 1 && node.inputs.length < space.maxInputs) node.inputs.push(rng.choice(free));
    else node.inputs[rng.int(node.inputs.length)] = rng.choice(free);
    node.inputs.sort((a, b) => a - b);
  }
  return { nodes };
}

/**
 * All cells that are one change away: another operation of a node, or one input added, removed or replaced. Isomorphic cells
 * may repeat.
 */
export function neighboursOf(cell: Cell, space: CellSpace): Cell[] {
  return cell.nodes.flatMap((node, index) => {
    const earlier = Array.from({ length: INPUT_NODES + index }, (_, i) => i);
    const free = earlier.filter((i) => !node.inputs.includes(i));
    const without = (input: number): number[] => node.inputs.filter((i) => i !== input);
    const inputs = [
      ...(node.inputs.length > 1 ? node.inputs.map(without) : []),
      ...(node.inputs.length < space.maxInputs ? free.map((i) => [...node.inputs, i]) : []),
      ...node.inputs.flatMap((input) => free.map((i) => [...without(input), i])),
    ];
    const changed = [
      ...space.operations.filter((operation) => operation !== node.operation).map((operation) => ({ operation, inputs: [...node.inputs] })),
      ...inputs.map((list) => ({ operation: node.operation, inputs: list.sort((a, b) => a - b) })),
    ];
    return changed.map((replacement) => ({ nodes: cell.nodes.map((other, i) => (i === index ? replacement : other)) }));
  });
}
