import { z } from "zod";
import { architectureSchema, type NetworkConfig, networkConfigSchema } from "../architecture/network.ts";
import { searchSpaceSchema } from "../architecture/search-space.ts";
import { anytimeGhnRunSchema, anytimeRunSchema, anytimeSearchRunSchema, anytimeTrainingRunSchema } from "./anytime-config.ts";
import { predictionRunSchema, studyRunSchema } from "./study-config.ts";
import { cellTrainingSchema, ghnConfigSchema, ghnTrainingSchema, runCommon, searchSettingsSchema } from "./training-config.ts";

export * from "./anytime-config.ts";
export * from "./study-config.ts";
export * from "./training-config.ts";

/** Trains a GHN. */
export const ghnTrainingRunSchema = z.strictObject({
  kind: z.literal("ghn-training"),
  ...runCommon,
  space: searchSpaceSchema.default(searchSpaceSchema.parse({})),
  ghn: ghnConfigSchema.default(ghnConfigSchema.parse({})),
  training: ghnTrainingSchema.default(ghnTrainingSchema.parse({})),
});

/** Cells by name, for example published ones. */
const namedCellsSchema = z
  .array(z.strictObject({ name: z.string().min(1).max(200), architecture: architectureSchema }))
  .min(1)
  .max(1000);

/** Ranks cells with the GHN trained by run `ghnRunId`. */
export const searchRunSchema = z.strictObject({
  kind: z.literal("search"),
  ...runCommon,
  ghnRunId: z.string().min(1).max(64).meta({ title: "GHN", description: "The run whose GHN generates the weights." }),
  space: searchSpaceSchema.default(searchSpaceSchema.parse({})),
  search: searchSettingsSchema.default(searchSettingsSchema.parse({})),
  /** Scored instead of cells of the space; strategy, number of samples and limits then have no effect. */
  cells: namedCellsSchema.optional(),
});

/** The cells of a training run. */
export const cellSourceSchema = z.discriminatedUnion("from", [
  z.strictObject({ from: z.literal("search"), runId: z.string().min(1).max(64), top: z.int().min(0).max(1000), random: z.int().min(0).max(1000) }),
  z.strictObject({ from: z.literal("training"), runId: z.string().min(1).max(64), best: z.int().min(1).max(1000) }),
  z.strictObject({ from: z.literal("cells"), cells: namedCellsSchema }),
]);
export type CellSource = z.infer<typeof cellSourceSchema>;

/** Trains cells from scratch. */
export const cellTrainingRunSchema = z.strictObject({
  kind: z.literal("cell-training"),
  ...runCommon,
  source: cellSourceSchema,
  training: cellTrainingSchema.default(cellTrainingSchema.parse({})),
  /** Whether test accuracy is measured at the end of each training. Short comparisons use validation only. */
  measureTest: z.boolean().default(true).meta({ title: "Measure on test images", description: "Once, at the end of each training." }),
});

/**
 * The full pipeline: train a GHN, search, train the shortlist ("GHN Top") and random cells, then train the best of
 * them fully, several times ("GHN Top-Best"). Its stages are separate runs.
 */
export const pipelineRunSchema = z.strictObject({
  kind: z.literal("pipeline"),
  ...runCommon,
  space: searchSpaceSchema.default(searchSpaceSchema.parse({})),
  ghn: ghnConfigSchema.default(ghnConfigSchema.parse({})),
  training: ghnTrainingSchema.default(ghnTrainingSchema.parse({})),
  search: searchSettingsSchema.default(searchSettingsSchema.parse({})),
  /** Training of the shortlist and the random baseline, with the same protocol. */
  compare: cellTrainingSchema.default(cellTrainingSchema.parse({})),
  compareTest: z.boolean().default(false).meta({
    title: "Test accuracy of all compared cells",
    description:
      "Measures the shortlist and the random cells on test images, once each, for the paper's Table 1. The winner is still chosen by validation accuracy.",
  }),
  /** Network of the final training; defaults to the search network. */
  finalNetwork: networkConfigSchema.optional(),
  finalValidationImages: z.int().min(10).max(100_000).optional().meta({
    title: "Validation images of the final training",
    description: "Empty: those of the search. The winner is fixed by then, so published results train on all images; 10 trains on all but ten.",
  }),
  /** Full training of the winner. */
  final: cellTrainingSchema.default(cellTrainingSchema.parse({})),
});

export const runConfigSchema = z.discriminatedUnion("kind", [
  ghnTrainingRunSchema,
  searchRunSchema,
  cellTrainingRunSchema,
  pipelineRunSchema,
  predictionRunSchema,
  studyRunSchema,
  anytimeRunSchema,
  anytimeGhnRunSchema,
  anytimeSearchRunSchema,
  anytimeTrainingRunSchema,
]);
export type RunConfig = z.infer<typeof runConfigSchema>;
export type RunConfigInput = z.input<typeof runConfigSchema>;
export type RunKind = RunConfig["kind"];
export type GhnTrainingRun = z.infer<typeof ghnTrainingRunSchema>;
export type SearchRun = z.infer<typeof searchRunSchema>;
export type CellTrainingRun = z.infer<typeof cellTrainingRunSchema>;
export type PipelineRun = z.infer<typeof pipelineRunSchema>;
export type GhnTraining = z.infer<typeof ghnTrainingSchema>;
export type SearchSettings = z.infer<typeof searchSettingsSchema>;
export type CellTraining = z.infer<typeof cellTrainingSchema>;

/** All run kinds. {@link STAGED_KINDS} are coordinated by the supervisor; the others run in a child process. */
export const RUN_KINDS = [
  "ghn-training",
  "search",
  "cell-training",
  "pipeline",
  "prediction",
  "study",
  "anytime",
  "anytime-ghn",
  "anytime-search",
  "anytime-training",
] as const satisfies readonly RunKind[];

/** Kinds without their own process: their stages are separate runs. */
export const STAGED_KINDS = ["pipeline", "study", "anytime"] as const satisfies readonly RunKind[];
export type StagedRun = Extract<RunConfig, { readonly kind: (typeof STAGED_KINDS)[number] }>;

export type StagedRunKind = StagedRun["kind"];

export function isStaged(kind: RunKind): kind is StagedRunKind {
  return (STAGED_KINDS as readonly RunKind[]).includes(kind);
}

/** Configs of the anytime space, whose networks, candidates and trainings have a different structure. */
export type AnytimeConfig = Extract<RunConfig, { readonly kind: `anytime${string}` }>;

/** The search spaces. */
export type SpaceId = "cell" | "anytime";

/** The space that a run works in. */
export function spaceIdOf(kind: RunKind): SpaceId {
  return kind.startsWith("anytime") ? "anytime" : "cell";
}

export function isAnytime(config: RunConfig): config is AnytimeConfig {
  return config.kind.startsWith("anytime");
}

/** How a run stacks cells into a network; null for anytime runs. */
export function cellNetworkOf(config: RunConfig): NetworkConfig | null {
  return isAnytime(config) ? null : config.network;
}
