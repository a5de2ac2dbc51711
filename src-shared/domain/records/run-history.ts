/** Queries of windows: the run history, the candidates of a run, and edits of a run. */
import { z } from "zod";
import { RUN_KINDS } from "../config/run-config.ts";
import { DATASET_IDS } from "../dataset-facts.ts";
import { RUN_STATUSES, type RunSummary, runIdSchema } from "./run.ts";

const sortKey = z
  .string()
  .regex(
    /^(name|kind|status|datasetId|seed|createdAt|startedAt|finishedAt|activeSeconds|starred|figure:[A-Za-z]{1,40}|metric:[A-Za-z0-9/_-]{1,80}:(last|best))$/,
  );

/** A query of the run history: filters, order and page. */
export const runQuerySchema = z.strictObject({
  search: z.string().max(500).default(""),
  status: z.array(z.enum(RUN_STATUSES)).default([]),
  kind: z.array(z.enum(RUN_KINDS)).default([]),
  dataset: z.array(z.enum(DATASET_IDS)).default([]),
  tags: z.array(z.string().max(100)).max(100).default([]),
  /** Expression over run fields and metrics, e.g. `best("train/validation-accuracy") > 0.9 and dataset == "cifar10"`. */
  expression: z.string().max(2000).default(""),
  view: z.enum(["active", "archived", "trash"]).default("active"),
  /** Only runs without a parent; stages are listed with their pipeline. */
  topLevelOnly: z.boolean().default(false),
  sort: z
    .array(z.strictObject({ key: sortKey, descending: z.boolean() }))
    .max(4)
    .default([{ key: "createdAt", descending: true }]),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(10_000).default(100),
});

export type RunQuery = z.infer<typeof runQuerySchema>;

export interface RunPage {
  readonly rows: readonly RunSummary[];
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly tags: readonly string[];
  readonly metricNames: readonly string[];
  /** Message and position if the expression is invalid; the rows are then not filtered by it. */
  readonly expressionError: { readonly message: string; readonly position: number } | null;
}

/** Which candidates of a run to list, and in which order. */
export const candidateQuerySchema = z.strictObject({
  runId: runIdSchema,
  sort: z.enum(["rank", "index", "parameters", "multiplyAdds", "score"]).default("rank"),
  descending: z.boolean().default(false),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(20_000).default(1000),
});
export type CandidateQuery = z.infer<typeof candidateQuerySchema>;

/** Fields of a run that a user can edit; those left out stay as they are. */
export const runEditSchema = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  notes: z.string().max(100_000).optional(),
  starred: z.boolean().optional(),
  tags: z.array(z.string().min(1).max(100)).max(50).optional(),
});
export type RunEdit = z.infer<typeof runEditSchema>;
