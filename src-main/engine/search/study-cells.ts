import { searchSettingsSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { PredictionRun } from "../../../src-shared/domain/config/study-config.ts";
import { Rng } from "../random.ts";
import { createStrategy, type Proposal } from "./strategy.ts";

/**
 * The cells of a study: distinct random cells, drawn by seed and space alone. A search with the same seed, space and number of samples, without limits,
 * scores exactly these, so that every predictor is compared on the same cells.
 */
export function studyCells({ space, cells }: Pick<PredictionRun, "space" | "cells">): Proposal[] {
  const strategy = createStrategy(
    { space, settings: searchSettingsSchema.parse({ strategy: "random" }), rng: Rng.fromSeed(cells.seed, "search"), allowed: () => true, seen: new Set() },
    null,
  );
  const list: Proposal[] = [];
  while (list.length < cells.count) list.push(...strategy.propose(Math.min(8, cells.count - list.length)));
  return list;
}
