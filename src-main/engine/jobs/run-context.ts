import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { MetricName } from "../../../src-shared/domain/metrics.ts";
import type { LogLine, RunProgress } from "../../../src-shared/domain/records/run.ts";
import type { CandidateMessage, ResumePoint, TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import type { SpaceTypes, SummaryFacts } from "../spaces/shared/space-types.ts";
import type { NamedArrays } from "../training/checkpoint.ts";

/** What a job may report and ask while it works. The worker process implements it, tests bring their own. */
export interface RunContext<Candidate = CandidateMessage, Training = TrainingMessage> {
  metric(name: MetricName, step: number, epoch: number, value: number, series?: number): void;
  candidate(candidate: Candidate): void;
  training(training: Training): void;
  log(level: LogLine["level"], text: string): void;
  progress(progress: RunProgress): void;
  /** The architecture that is worked on, for the live drawing. */
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

/** The context of a job in one space, whose name marks what it reports. */
export type SpaceContext<T extends SpaceTypes> = RunContext<T["candidate"] & { readonly space: string }, T["training"] & { readonly space: string }>;

/** How a job ended. */
export type RunEnd = { readonly type: "done"; readonly summary: SummaryFacts } | { readonly type: "stopped"; readonly step: number };
