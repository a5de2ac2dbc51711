import { searchSettingsSchema } from "../../../src-shared/domain/config/run-config.ts";
import { Rng } from "../random.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { createStrategy, type Proposal } from "./strategy.ts";

/** Architectures drawn at a time; the number does not affect the result. */
const BATCH = 8;

/**
 * The architectures of a study: distinct random ones, drawn by seed and space alone. A search with the same seed, space and number of samples, without limits,
 * scores exactly these, so that every predictor is compared on the same architectures.
 */
export function studyArchitectures<T extends SpaceTypes>(
  space: SearchSpace<T>,
  settings: T["settings"],
  { seed, count }: { readonly seed: number; readonly count: number },
): Proposal<T["architecture"]>[] {
  const search = searchSettingsSchema.parse({ strategy: "random" });
  const strategy = createStrategy({ space, settings, search, rng: Rng.fromSeed(seed, "search"), allowed: () => true }, null);
  const list: Proposal<T["architecture"]>[] = [];
  while (list.length < count) list.push(...strategy.propose(Math.min(BATCH, count - list.length)));
  return list;
}
