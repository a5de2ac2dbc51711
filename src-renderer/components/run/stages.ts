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
