import type { RunKind } from "../../../src-shared/domain/config/run-config.ts";

export interface PipelineStage {
  readonly key: string;
  /** What stage runs may call themselves. */
  readonly names: readonly string[];
  readonly title: string;
  readonly what: string;
}

/** The path of the paper, from the GHN to the trained winner. */
export const PIPELINE_STAGES: readonly PipelineStage[] = [
  { key: "ghn", names: ["ghn", "ghn-training"], title: "Train the GHN", what: "on random cells" },
  { key: "search", names: ["search"], title: "Search", what: "GHN Top: rank by score" },
  { key: "compare", names: ["compare"], title: "Train the shortlist", what: "beside random cells" },
  { key: "final", names: ["final"], title: "Train the best", what: "GHN Top-Best" },
];

/** The path of an anytime experiment. */
export const ANYTIME_STAGES: readonly PipelineStage[] = [
  { key: "ghn", names: ["ghn"], title: "Train the GHN", what: "on networks with exits" },
  { key: "search", names: ["search"], title: "Search", what: "rank by area under the curve" },
  { key: "train", names: ["train"], title: "Train the winner", what: "beside random picks and MSDNet" },
];

/** Whether a run is led through stages in a fixed order that the head of the page shows. */
export function hasStages(kind: RunKind): kind is "pipeline" | "anytime" {
  return kind === "pipeline" || kind === "anytime";
}

/** Whether runs of this kind consist of runs of their own. */
export function leads(kind: RunKind): boolean {
  return hasStages(kind) || kind === "study";
}
