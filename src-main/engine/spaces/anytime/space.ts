import { anytimeArchitectureSchema } from "../../../../src-shared/domain/architecture/anytime.ts";
import { searchSettingsSchema } from "../../../../src-shared/domain/config/run-config.ts";
import type { SearchSpace } from "../shared/search-space.ts";
import { canonicalAnytime } from "./canonical.ts";
import { areaRange, areasOf, measuredExits } from "./exits.ts";
import { anytimeGhn } from "./ghn.ts";
import { buildAnytimePlan } from "./plan.ts";
import { randomNodeCounts, sampleAnytime } from "./sampler.ts";
import { anytimeTraining, wordsOf } from "./training.ts";
import type { AnytimeTypes } from "./types.ts";

/** The anytime space: networks with several exits, ranked by the area under their curve of accuracy over multiply-adds (paper, section 3.2). */
export const anytimeSpace: SearchSpace<AnytimeTypes> = {
  id: "anytime",
  noun: "Network",
  sample: (settings, rng) => sampleAnytime(settings, rng),
  sampleForGhn: ({ space, training }, rng) => sampleAnytime(space, rng, training.randomNodes ? randomNodeCounts(space, rng) : space.nodes),
  canonical: canonicalAnytime,
  plan: buildAnytimePlan,
  parse: (json) => anytimeArchitectureSchema.parse(json),
  mutation: null,
  drawing: () => null,
  ghn: anytimeGhn,
  scoringBatch: 4,
  searchSettings: ({ search }) => ({ ...searchSettingsSchema.parse({}), ...search }),
  scoring(settings, input) {
    const range = areaRange(settings, input);
    return {
      note: `Networks are ranked by their area over ${wordsOf(range)}.`,
      facts: { ...range },
      score: (plan, measure) => areasOf(measuredExits(plan, measure, null), range).area,
      candidate: (fields, plan, measure) => ({ ...fields, score: fields.score ?? 0, exits: measuredExits(plan, measure, null), ...range }),
    };
  },
  training: anytimeTraining,
};
