/** Amount of work of a network, in the units of the calibration. */
import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { BuiltPlan } from "../../engine/network/program.ts";
import { Rng } from "../../engine/random.ts";
import type { SearchSpace } from "../../engine/spaces/shared/search-space.ts";
import type { SpaceTypes } from "../../engine/spaces/shared/space-types.ts";

/** Mean amounts over networks of a space. */
export interface NetworkWork {
  /** Kernel calls per forward pass. */
  readonly calls: number;
  /** Per image. */
  readonly multiplyAdds: number;
  /** Output values of all nodes, per image. */
  readonly activations: number;
  readonly parameters: number;
  /** Nodes of the graph that the GHN propagates over. */
  readonly graphNodes: number;
}

export function workOf(plan: BuiltPlan): NetworkWork {
  return {
    calls: plan.program.steps.length,
    multiplyAdds: plan.counts.multiplyAdds,
    activations:
      plan.activations ??
      plan.nodes.reduce((sum, node) => sum + (node.parameters + node.multiplyAdds > 0 ? node.shape.reduce((product, size) => product * size, 1) : 0), 0),
    parameters: plan.counts.parameters,
    graphNodes: plan.graph.blocks.reduce((sum, block) => sum + block.nodes.length, 0),
  };
}

/** Work of one pass over a batch: calls, multiply-adds, activations. */
export function passWork(work: NetworkWork, batchSize: number): number[] {
  return [work.calls, work.multiplyAdds * batchSize, work.activations * batchSize];
}

/** Work of generating weights: updates of node embeddings, parameters. */
export function generationWork(work: NetworkWork, propagationSteps: number): number[] {
  return [work.graphNodes * Math.max(1, propagationSteps), work.parameters];
}

/** Number of random networks that represent a space. */
const SAMPLES = 8;

/** Mean work of a few random networks of a space; deterministic. @param draw a random architecture; by default of the whole space */
export function spaceWork<T extends SpaceTypes>(
  space: SearchSpace<T>,
  { space: settings, network }: { readonly space: T["settings"]; readonly network: T["network"] },
  input: NetworkInput,
  draw = (rng: Rng): T["architecture"] => space.sample(settings, rng),
): NetworkWork {
  const rng = Rng.fromSeed(0, "estimate");
  return average(Array.from({ length: SAMPLES }, () => workOf(space.plan(draw(rng), network, input))));
}

export function average(works: readonly NetworkWork[]): NetworkWork {
  const mean = (pick: (work: NetworkWork) => number): number => works.reduce((sum, work) => sum + pick(work), 0) / Math.max(1, works.length);
  return {
    calls: mean((w) => w.calls),
    multiplyAdds: mean((w) => w.multiplyAdds),
    activations: mean((w) => w.activations),
    parameters: mean((w) => w.parameters),
    graphNodes: mean((w) => w.graphNodes),
  };
}
