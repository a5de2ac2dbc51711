import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import { UserError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { notFinite } from "../formats/finite.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import type { WeightGenerator } from "../ghn/weight-generator.ts";
import type { GhnManifest } from "../spaces/shared/ghn-description.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { createGenerator } from "./generators.ts";

/**
 * Reads a trained generator: a GHN or a baseline in its place. The caller disposes it.
 *
 * @param asked the search that it is for
 * @throws UserError when the file is missing, damaged or not a GHN file of the space, or when its generator was trained for other networks, images or cells
 */
export async function readGenerator<T extends SpaceTypes>(
  space: SearchSpace<T>,
  file: string,
  asked: Pick<T["searchRun"], "space" | "network" | "cells">,
  input: NetworkInput,
): Promise<WeightGenerator> {
  const { tensors, metadata } = await readSafetensors(file);
  if (metadata["format"] !== space.ghn.fileFormat)
    throw new UserError(`The file ${file} does not contain a GHN of this search space.`, {
      code: "ghn-foreign",
      remedy: "Choose the file that a GHN training in the same space has written.",
      file,
    });
  const broken = notFinite(tensors);
  if (broken !== null)
    throw new UserError(`The GHN in ${file} cannot be used: its tensor ${broken.slice(0, 200)} contains values that are not finite numbers.`, {
      code: "ghn-not-finite",
      remedy: "Its training diverged or the file is damaged. Train the GHN again, with a smaller learning rate or with gradient clipping.",
      file,
    });
  const manifest = parseManifest(space, metadata["config"], file);
  space.ghn.check(manifest, asked, input, file);
  // Old files do not name their space; they are assumed to belong to this one.
  const generator = createGenerator(space, { space: asked.space, ...manifest }, null);
  try {
    generator.importWeights(Object.fromEntries(tensors));
    return generator;
  } catch (error) {
    generator.dispose();
    throw error;
  }
}

function parseManifest<T extends SpaceTypes>(space: SearchSpace<T>, text: string | undefined, file: string): GhnManifest<T> {
  try {
    return space.ghn.manifestSchema.parse(parseJson(text ?? ""));
  } catch (cause) {
    throw new UserError(`The file ${file} is damaged: the configuration of its GHN cannot be read.`, {
      code: "ghn-damaged",
      remedy: "Use another copy of the file, or train the GHN again.",
      file,
      cause,
    });
  }
}
