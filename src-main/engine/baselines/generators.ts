import type { NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { SearchSpace } from "../../../src-shared/domain/architecture/search-space.ts";
import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import { GraphHyperNetwork } from "../ghn/graph-hypernetwork.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { Rng } from "../random.ts";
import { MlpHypernetwork } from "./mlp-hypernetwork.ts";
import { Supernet } from "./one-shot-supernet.ts";
import { SmashHypernetwork } from "./smash-hypernetwork.ts";

/**
 * The cells that a generator serves. GHN and MLP serve cells of any size and ignore this. The others serve cells of at most `nodes` operation nodes, a supernet only
 * those with operations of `space`.
 */
export interface GeneratorCells {
  readonly space: SearchSpace;
  readonly nodes: number;
}

/**
 * Builds the generator that a config names: the GHN or a baseline in its place.
 *
 * @param rng draws the initial parameters; with null they are placeholders for weights that are imported next
 * @throws UserError `ghn-too-large`
 */
export function createGenerator(config: GhnConfig, network: NetworkConfig, input: NetworkInput, rng: Rng | null, cells: GeneratorCells): WeightGenerator {
  switch (config.generator) {
    case "graph":
      return new GraphHyperNetwork(config, network, input, rng);
    case "one-shot":
      return new Supernet(cells.space, cells.nodes, network, input, rng ?? Rng.fromSeed(0, "replaced by the file"));
    case "smash":
      return new SmashHypernetwork(config, cells.nodes, network, input, rng);
    case "mlp":
      return new MlpHypernetwork(config, network, input, rng);
  }
}
