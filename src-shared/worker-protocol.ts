import type { Architecture } from "./domain/architecture/network.ts";
import type { RunConfig } from "./domain/config/run-config.ts";
import type { MetricColumns } from "./domain/metrics.ts";
import type { AnytimeCandidateMessage, AnytimeToTrain, AnytimeTrainingMessage } from "./domain/records/anytime-records.ts";
import type { Artifact, LogLine, RunFailure, RunProgress, Training } from "./domain/records/run.ts";

/** A cell handed to a training run by the supervisor, resolved from its source. */
export interface CellToTrain {
  readonly name: string;
  readonly architecture: Architecture;
  readonly canonical: string;
  readonly candidateId: number | null;
  readonly role: "shortlist" | "random" | "none";
  readonly score: number | null;
}

/** What the supervisor asks of a run worker. Paths are absolute. */
export type ToWorker =
  | {
      readonly type: "start";
      readonly runId: string;
      readonly config: RunConfig;
      /** Folder of the run's artifacts; the worker writes here and nowhere else. */
      readonly artifactFolder: string;
      /** Folder with datasets of the project and of the user, in order of preference. */
      readonly dataFolders: readonly string[];
      /** Checkpoint to continue from; null starts anew. */
      readonly resumeFrom: string | null;
      /** The trained GHN (safetensors) for a search. */
      readonly ghnFile: string | null;
      /** The cells of a training run. */
      readonly cells: readonly CellToTrain[];
      /** The networks of a training run in the anytime space. */
      readonly networks?: readonly AnytimeToTrain[];
      /** Process seconds and wall seconds that earlier attempts used. */
      readonly activeSecondsBefore: number;
      readonly wallSecondsBefore: number;
    }
  | { readonly type: "stop" }
  | { readonly type: "acknowledge"; readonly sequence: number };

export interface CandidateMessage {
  readonly index: number;
  readonly name: string;
  readonly canonical: string;
  readonly architecture: Architecture;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly score: number | null;
  readonly scoreLoss: number | null;
  readonly role: "shortlist" | "random" | "none";
  readonly generationMs: number | null;
  readonly evaluationMs: number | null;
  /** Median time of a forward pass of one image; missing where it was not measured. */
  readonly latencyMs?: number | null;
  /** Values of other predictors by name, from a prediction run. */
  readonly predictions?: Readonly<Record<string, number | null>>;
}

export type TrainingMessage = Omit<Training, "id" | "runId">;
export type ArtifactMessage = Omit<Artifact, "id" | "runId" | "createdAt">;

/**
 * What a run worker tells. `batch` carries everything gathered since the last one (at most 10 a second); the
 * supervisor stores it in one transaction and answers `acknowledge` with its sequence.
 */
export type FromWorker =
  | {
      readonly type: "ready";
      readonly backend: string;
      readonly device: string;
      readonly libraryVersion: string;
      readonly fallbackReason: string | null;
      readonly pid: number;
    }
  | { readonly type: "dataset"; readonly fingerprint: string; readonly description: string }
  /** The worker continues from this checkpoint: what was stored after these counts is void and is removed. */
  | { readonly type: "resumed"; readonly step: number; readonly keep: ResumePoint }
  | {
      readonly type: "batch";
      readonly sequence: number;
      readonly metrics: readonly MetricColumns[];
      readonly candidates: readonly CandidateMessage[];
      readonly trainings: readonly TrainingMessage[];
      /** Of runs in the anytime space; absent or empty elsewhere. */
      readonly anytimeCandidates?: readonly AnytimeCandidateMessage[];
      readonly anytimeTrainings?: readonly AnytimeTrainingMessage[];
      readonly logs: readonly Omit<LogLine, "id" | "runId">[];
      readonly progress: RunProgress | null;
      /** The architecture in work, for the live drawing. */
      readonly current: { readonly name: string; readonly architecture: Architecture } | null;
    }
  | {
      readonly type: "heartbeat";
      readonly cpuPercent: number;
      readonly memoryBytes: number;
      readonly gpuPercent: number | null;
      readonly gpuMemoryBytes: number | null;
    }
  | { readonly type: "checkpoint"; readonly step: number; readonly artifact: ArtifactMessage }
  | { readonly type: "artifact"; readonly artifact: ArtifactMessage }
  /** Final roles after ranking: candidates by index. */
  | { readonly type: "roles"; readonly shortlist: readonly number[]; readonly random: readonly number[] }
  | { readonly type: "done"; readonly summary: Readonly<Record<string, string | number | boolean | null>> }
  | { readonly type: "stopped"; readonly step: number }
  | { readonly type: "failed"; readonly failure: RunFailure };

/** How much of what was stored a checkpoint stands for. */
export interface ResumePoint {
  /** Last step kept in each series, by series index; series not named are removed. */
  readonly stepOfSeries: Readonly<Record<string, number>>;
  readonly candidates: number;
  readonly trainings: number;
}
