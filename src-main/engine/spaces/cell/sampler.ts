import { type Cell, INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import type { SearchSpace } from "../../../../src-shared/domain/architecture/search-space.ts";
import type { Rng } from "../../random.ts";

/**
 * A random cell of the standard space (paper, appendix 5.1): each node draws its operation uniformly, the number of its
 * inputs uniformly from 1 to `maxInputs` (or to the number of earlier nodes), and then so many distinct earlier nodes,
 * the two input nodes included, uniformly.
 *
 * @param nodes operation nodes; the space's own number unless given (a GHN is trained on fewer)
 */
export function sampleCell(space: SearchSpace, rng: Rng, nodes: number = space.nodes): Cell {
  return {
    nodes: Array.from({ length: nodes }, (_, i) => {
      const earlier = INPUT_NODES + i;
      const operation = rng.choice(space.operations);
      const count = 1 + rng.int(Math.min(space.maxInputs, earlier));
      return { operation, inputs: sampleDistinct(rng, earlier, count) };
    }),
  };
}

/** `count` distinct numbers of 0 .. n - 1, every set equally likely, in ascending order. */
export function sampleDistinct(rng: Rng, n: number, count: number): number[] {
  // Floyd's algorithm: one draw a number, however large n is.
  const chosen = new Set<number>();
  for (let last = n - count; last < n; last++) {
    const draw = rng.int(last + 1);
    chosen.add(chosen.has(draw) ? last : draw);
  }
  return [...chosen].sort((a, b) => a - b);
}
