import { cellSchema } from "../../../../src-shared/domain/architecture/cell.ts";
import { architectureSchema } from "../../../../src-shared/domain/architecture/network.ts";
import type { SearchSpace } from "../shared/search-space.ts";
import { ACCURACY_SCORING } from "../shared/single-output.ts";
import { canonicalArchitecture } from "./canonical.ts";
import { cellGhn } from "./ghn.ts";
import { mutateCell, neighboursOf } from "./mutation.ts";
import { buildPlan } from "./plan.ts";
import { sampleCell } from "./sampler.ts";
import { cellTraining } from "./training.ts";
import type { CellTypes } from "./types.ts";

/** The cell space: one cell, stacked (paper, section 3.1 and appendix 5.1). */
export const cellSpace: SearchSpace<CellTypes> = {
  id: "cell",
  noun: "Cell",
  sample: (settings, rng) => ({ normal: sampleCell(settings, rng) }),
  sampleForGhn: ({ space, training }, rng) => ({ normal: sampleCell(space, rng, training.nodes) }),
  canonical: canonicalArchitecture,
  plan: buildPlan,
  // Checkpoints of the first versions contain bare cells.
  parse: (json) => (typeof json === "object" && json !== null && "nodes" in json ? { normal: cellSchema.parse(json) } : architectureSchema.parse(json)),
  mutation: {
    mutate: ({ normal }, settings, rng) => ({ normal: mutateCell(normal, settings, rng) }),
    neighbours: ({ normal }, settings) => neighboursOf(normal, settings).map((cell) => ({ normal: cell })),
  },
  drawing: (architecture) => architecture,
  ghn: cellGhn,
  scoringBatch: 8,
  searchSettings: ({ search, cells }) => (cells === undefined ? search : { ...search, samples: cells.length }),
  scoring: () => ACCURACY_SCORING,
  training: cellTraining,
};
