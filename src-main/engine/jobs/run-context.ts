import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { MetricName } from "../../../src-shared/domain/metrics.ts";
import type { LogLine, RunProgress } from "../../../src-shared/domain/records/run.ts";
import type { CandidateMessage, ResumePoint, TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import type { SpaceTypes, SummaryFacts } from "../spaces/shared/space-types.ts";
import type { NamedArrays } from "../training/checkpoint.ts";

/** What a job can report and request while it runs. Implemented by the worker process, and by tests. */
export interface RunContext<Candidate = CandidateMessage, Training = TrainingMessage> {
  metric(name: MetricName, step: number, epoch: number, value: number, series?: number): void;
  candidate(candidate: Candidate): void;
  training(training: Training): void;
  log(level: LogLine["level"], text: string): void;
  progress(progress: RunProgress): void;
  /** The current architecture, for the live drawing. */
  current(name: string, architecture: Architecture): void;
  roles(shortlist: readonly number[], random: readonly number[]): void;
  /** Lets messages be sent and received; await it after every step. */
  breathe(): Promise<void>;
  /** True once the user has requested a stop. */
  readonly stopRequested: boolean;
  /** True when it is time for a checkpoint. */
  readonly checkpointDue: boolean;
  /** Writes a checkpoint atomically. `keep` states how much of the reported data it covers. */
  saveCheckpoint(step: number, tensors: NamedArrays, state: unknown, keep: ResumePoint): Promise<void>;
  /** Writes an artifact (GHN, weights) atomically as safetensors with metadata. */
  saveTensors(kind: "ghn" | "weights", name: string, tensors: NamedArrays, metadata: Record<string, string>): Promise<void>;
}

/** The context of a job in one space; reports are marked with the name of the space. */
export type SpaceContext<T extends SpaceTypes> = RunContext<T["candidate"] & { readonly space: string }, T["training"] & { readonly space: string }>;

/** How a job ended. */
export type RunEnd = { readonly type: "done"; readonly summary: SummaryFacts } | { readonly type: "stopped"; readonly step: number };
