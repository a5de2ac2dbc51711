import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { MetricName } from "../../../src-shared/domain/metrics.ts";
import type { LogLine, RunProgress } from "../../../src-shared/domain/records/run.ts";
import type { CandidateMessage, ResumePoint, TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import type { NamedArrays } from "../training/checkpoint.ts";

/** Facts that a run states at its end. */
export type RunFacts = Record<string, string | number | boolean | null>;

/** What the engine may tell and ask while it works; the worker process gives it, tests give their own. */
export interface RunContext {
  metric(name: MetricName, step: number, epoch: number, value: number, series?: number): void;
  candidate(candidate: CandidateMessage): void;
  training(training: TrainingMessage): void;
  log(level: LogLine["level"], text: string): void;
  progress(progress: RunProgress): void;
  current(name: string, architecture: Architecture): void;
  roles(shortlist: readonly number[], random: readonly number[]): void;
  /** Lets messages in and out; to be awaited after every step. */
  breathe(): Promise<void>;
  /** True once the user asked to stop. */
  readonly stopRequested: boolean;
  /** True when it is time for a checkpoint. */
  readonly checkpointDue: boolean;
  /** Writes a checkpoint atomically. `keep` says how much of what was reported it stands for. */
  saveCheckpoint(step: number, tensors: NamedArrays, state: unknown, keep: ResumePoint): Promise<void>;
  /** Writes a lasting file (GHN, weights) atomically as safetensors with metadata. */
  saveTensors(kind: "ghn" | "weights", name: string, tensors: NamedArrays, metadata: Record<string, string>): Promise<void>;
}

/** How a piece of work ended. */
export type RunEnd = { readonly type: "done"; readonly summary: RunFacts } | { readonly type: "stopped"; readonly step: number };
