import { UserError } from "../../lib/errors.ts";
import { GraphHyperNetwork } from "../ghn/graph-hypernetwork.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import { Rng } from "../random.ts";
import type { GhnManifest } from "../spaces/shared/ghn-description.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { MlpHypernetwork } from "./mlp-hypernetwork.ts";
import { Supernet } from "./one-shot-supernet.ts";
import { SmashHypernetwork } from "./smash-hypernetwork.ts";

/**
 * Builds the generator that a config names: the GHN or a baseline in its place.
 *
 * @param rng draws the initial parameters; with null they are placeholders for weights that are imported next
 * @throws UserError `ghn-generator` when the space has no such generator, `ghn-too-large`
 */
export function createGenerator<T extends SpaceTypes>(space: SearchSpace<T>, manifest: GhnManifest<T>, rng: Rng | null): WeightGenerator {
  const { ghn } = manifest;
  const family = space.ghn.family(manifest.space, manifest.network, manifest.input);
  if (ghn.generator === "graph") return new GraphHyperNetwork(ghn, family, rng);
  const { fixedSize } = space.ghn;
  if (fixedSize === null)
    throw new UserError(`Only graph hypernetworks generate weights in this search space, not "${ghn.generator}".`, {
      code: "ghn-generator",
      field: "ghn.generator",
      remedy: 'Set ghn.generator to "graph".',
    });
  switch (ghn.generator) {
    case "mlp":
      return new MlpHypernetwork(ghn, family, rng);
    case "smash":
      return new SmashHypernetwork(ghn, fixedSize.nodes(manifest), family, rng);
    case "one-shot":
      return new Supernet(fixedSize.covering(manifest), rng ?? Rng.fromSeed(0, "replaced by the file"));
  }
}
