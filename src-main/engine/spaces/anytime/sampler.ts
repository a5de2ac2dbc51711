import { type AnytimeArchitecture, type AnytimeCell, scalesOf } from "../../../../src-shared/domain/architecture/anytime.ts";
import { INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import type { AnytimeSpace } from "../../../../src-shared/domain/config/anytime-config.ts";
import type { Rng } from "../../random.ts";
import { sampleDistinct } from "../shared/sample-distinct.ts";

/**
 * A random network of the anytime space (paper, appendix 5.1). Each node draws its operation uniformly, its scale uniformly from those of its cell, and 1 to `maxInputs`
 * distinct earlier nodes. The number of exits is fixed: one at the very last node, so that no nodes come after the last exit, the others at distinct nodes
 * drawn uniformly from all cells.
 *
 * @param nodes nodes of each cell; by default those of the space. With fewer nodes than exits, every node has one
 */
export function sampleAnytime(space: AnytimeSpace, rng: Rng, nodes: readonly number[] = space.nodes): AnytimeArchitecture {
  const total = nodes.reduce((sum, count) => sum + count, 0);
  const exits = new Set(sampleDistinct(rng, total - 1, Math.min(space.exits, total) - 1)).add(total - 1);
  let position = 0;
  const cells = nodes.map(
    (count, cell): AnytimeCell => ({
      nodes: Array.from({ length: count }, (_, i) => {
        const earlier = INPUT_NODES + i;
        const operation = rng.choice(space.operations);
        const scale = rng.int(scalesOf(cell, space.scales));
        const inputs = sampleDistinct(rng, earlier, 1 + rng.int(Math.min(space.maxInputs, earlier)));
        return { operation, inputs, scale, exit: exits.has(position++) };
      }),
    }),
  );
  return { scales: space.scales, cells };
}

/** Node counts of one network for GHN training: each cell draws from 1 to its own number of nodes (paper, appendix 5.2). */
export function randomNodeCounts(space: AnytimeSpace, rng: Rng): number[] {
  return space.nodes.map((most) => 1 + rng.int(most));
}
