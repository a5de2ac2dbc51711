import type { RunKind } from "../../../src-shared/domain/config/run-config.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { STAGE_TITLES } from "../../../src-shared/domain/records/stages.ts";

export interface StageInfo {
  readonly key: keyof typeof STAGE_TITLES;
  readonly what: string;
}

/** The stages of a pipeline, in order. */
export const PIPELINE_STAGES: readonly StageInfo[] = [
  { key: "ghn", what: "on random cells" },
  { key: "search", what: "rank cells by score (GHN Top)" },
  { key: "compare", what: "and random cells" },
  { key: "final", what: "GHN Top-Best" },
];

/** The stages of an anytime run, in order. */
export const ANYTIME_STAGES: readonly StageInfo[] = [
  { key: "ghn", what: "on early-exit networks" },
  { key: "search", what: "rank by area under the curve" },
  { key: "train", what: "winner, random networks, references" },
];

/** Name of the stage that a run is: the stage title, or the run name without that of its parent. "" for runs that are not a stage. */
export function stageTitle({ stage, name }: Pick<RunSummary, "stage" | "name">): string {
  if (stage === null) return "";
  if (stage in STAGE_TITLES) return STAGE_TITLES[stage as keyof typeof STAGE_TITLES];
  const separator = name.lastIndexOf(" – ");
  return separator < 0 ? name : name.slice(separator + 3);
}

/** Whether runs of this kind have a fixed sequence of stages, shown in the header of the page. */
export function hasStages(kind: RunKind): kind is "pipeline" | "anytime" {
  return kind === "pipeline" || kind === "anytime";
}

/** Whether runs of this kind consist of other runs. */
export function leads(kind: RunKind): boolean {
  return hasStages(kind) || kind === "study";
}
