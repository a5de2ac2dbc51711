import { z } from "zod";
import type { Architecture } from "../architecture/network.ts";
import type { RunConfig, RunKind } from "../config/run-config.ts";
import type { Figures } from "./figures.ts";

/** Ids of runs become names of folders: letters, digits, `_` and `-` only. */
export const runIdSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);

/**
 * Life cycle of a run: draft → queued → running → completed | failed | stopped | interrupted.
 * `stopped`: stopped on request, with a checkpoint. `interrupted`: its process died. Both can be resumed.
 */
export const RUN_STATUSES = ["queued", "running", "stopping", "stopped", "interrupted", "failed", "completed"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const ACTIVE_STATUSES: readonly RunStatus[] = ["queued", "running", "stopping"];
export const RESUMABLE_STATUSES: readonly RunStatus[] = ["stopped", "interrupted", "failed"];

/** Progress of the current stage. Times are in seconds. */
export interface RunProgress {
  readonly phase: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch?: number;
  readonly imagesPerSecond?: number;
  /** Estimated time until the run ends; absent if unknown. */
  readonly secondsLeft?: number;
}

/** Why a run did not complete. */
export interface RunFailure {
  readonly message: string;
  readonly remedy?: string;
  readonly detail?: string;
}

/** One row of the run history. Times are ISO 8601 in UTC. */
export interface RunSummary {
  readonly id: string;
  readonly name: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly parentId: string | null;
  readonly stage: string | null;
  readonly datasetId: string;
  readonly seed: number;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Process time of all attempts, in seconds. */
  readonly activeSeconds: number;
  readonly progress: RunProgress | null;
  readonly failure: RunFailure | null;
  readonly tags: readonly string[];
  readonly notes: string;
  readonly starred: boolean;
  readonly archived: boolean;
  readonly trashedAt: string | null;
  readonly queuePosition: number | null;
  /** Last and best value of each metric, by name. */
  readonly metrics: Readonly<Record<string, MetricSummary>>;
  /** The results so far, of the run and its stages. */
  readonly figures: Figures;
  /** Backend and device that executed it, once known. */
  readonly backend: string | null;
  readonly device: string | null;
}

export interface MetricSummary {
  readonly last: number;
  readonly best: number;
  readonly bestStep: number;
  readonly count: number;
}

/** Everything about one run. */
export interface RunDetail extends RunSummary {
  readonly config: RunConfig;
  readonly codeVersion: string;
  readonly datasetFingerprint: string | null;
  readonly resumedFrom: readonly number[];
  /** The stages of a pipeline, in order. */
  readonly children: readonly RunSummary[];
  readonly artifacts: readonly Artifact[];
  /** Results recorded at the end of a run (counts, accuracies, times). */
  readonly summary: Readonly<Record<string, string | number | boolean | null>>;
}

export const ARTIFACT_KINDS = ["checkpoint", "ghn", "weights", "cell", "report"] as const;

/** A file written by a run. `path` is relative to the project folder. */
export interface Artifact {
  readonly id: number;
  readonly runId: string;
  readonly kind: (typeof ARTIFACT_KINDS)[number];
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly createdAt: string;
}

/**
 * A cell scored by a search.
 * `score` is the validation accuracy with generated weights in [0, 1]; null if not scored.
 */
export interface Candidate {
  readonly id: number;
  readonly runId: string;
  /** Position in the order of proposal, from 0. */
  readonly index: number;
  readonly name: string;
  /** Canonical form: equal for isomorphic cells. */
  readonly canonical: string;
  readonly architecture: Architecture;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly score: number | null;
  /** Mean cross-entropy with generated weights. */
  readonly scoreLoss: number | null;
  /** 1 is best; by score, ties by index. */
  readonly rank: number | null;
  /** Chosen for the shortlist, drawn for the random baseline, or neither. */
  readonly role: "shortlist" | "random" | "none";
  readonly generationMs: number | null;
  readonly evaluationMs: number | null;
  /** Median time of a forward pass of one image in milliseconds; absent if not measured. */
  readonly latencyMs?: number;
  /** Values of other predictors by name; prediction runs only. */
  readonly predictions?: Readonly<Record<string, number | null>>;
}

/** One training of one cell from scratch. Accuracies in [0, 1]. */
export interface Training {
  readonly id: number;
  readonly runId: string;
  readonly candidateId: number | null;
  readonly name: string;
  readonly canonical: string;
  readonly architecture: Architecture;
  readonly role: "shortlist" | "random" | "none";
  readonly repetition: number;
  readonly seed: number;
  readonly epochs: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly score: number | null;
  readonly validationAccuracy: number;
  /** Measured once at the end; null if the protocol does not measure it. */
  readonly testAccuracy: number | null;
  readonly trainLoss: number;
  readonly seconds: number;
  /** Why it diverged, as a sentence; absent if it is usable. The accuracies of a diverged training are not a result. */
  readonly divergence?: string | undefined;
}

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;

export interface LogLine {
  readonly id: number;
  readonly runId: string;
  readonly time: string;
  readonly level: (typeof LOG_LEVELS)[number];
  readonly text: string;
}
