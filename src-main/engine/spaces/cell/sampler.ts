import { type Cell, INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import type { CellSpace } from "../../../../src-shared/domain/architecture/search-space.ts";
import type { Rng } from "../../random.ts";
import { sampleDistinct } from "../shared/sample-distinct.ts";

/**
 * A random cell of the cell space (paper, appendix 5.1): each node draws its operation uniformly, the number of its
 * inputs uniformly from 1 to `maxInputs` (or to the number of earlier nodes), and then that many distinct earlier nodes,
 * the two input nodes included, uniformly.
 *
 * @param nodes number of operation nodes; by default that of the space (a GHN is trained on fewer)
 */
export function sampleCell(space: CellSpace, rng: Rng, nodes: number = space.nodes): Cell {
  return {
    nodes: Array.from({ length: nodes }, (_, i) => {
      const earlier = INPUT_NODES + i;
      const operation = rng.choice(space.operations);
      const count = 1 + rng.int(Math.min(space.maxInputs, earlier));
      return { operation, inputs: sampleDistinct(rng, earlier, count) };
    }),
  };
}
