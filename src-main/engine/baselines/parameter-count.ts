import { countParameters } from "../ghn/decoder/parameter-spec.ts";
import { embeddingSpec } from "../ghn/gnn-parameters.ts";
import { graphSpecs, hypernetworkSpecs } from "../ghn/hypernetwork-specs.ts";
import type { GhnManifest } from "../spaces/shared/ghn-description.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { encodingSizes } from "./smash-encoding.ts";
import { encoderSpecs } from "./smash-parameters.ts";
import { sharedParameters } from "./supernet-parameters.ts";

/** Number of trainable values (not of tensors) of the generator that `createGenerator` builds for the same manifest, without building it. Pure. */
export function countGeneratorParameters<T extends SpaceTypes>(space: SearchSpace<T>, manifest: GhnManifest<T>): number {
  const { ghn } = manifest;
  const family = space.ghn.family(manifest.space, manifest.network, manifest.input);
  const { layout, encoding } = family;
  const { fixedSize } = space.ghn;
  if (ghn.generator === "graph" || fixedSize === null) return countParameters(hypernetworkSpecs(ghn, layout, graphSpecs(ghn, family)));
  switch (ghn.generator) {
    case "mlp":
      return countParameters(hypernetworkSpecs(ghn, layout, [embeddingSpec(ghn.hiddenSize, encoding.entries)]));
    case "smash":
      return countParameters(hypernetworkSpecs(ghn, layout, encoderSpecs(ghn, encodingSizes(fixedSize.nodes(manifest), encoding), layout.blocks)));
    case "one-shot":
      return countParameters(sharedParameters(fixedSize.covering(manifest)));
  }
}
