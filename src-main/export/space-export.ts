/** What exports need from each search space, and what they read from a project. */
import type { RunConfig, SpaceId } from "../../src-shared/domain/config/run-config.ts";
import type { Artifact, RunSummary } from "../../src-shared/domain/records/run.ts";
import type { ArchitectureFacts } from "../engine/formats/architecture-file.ts";
import type { SplitFacts } from "../engine/formats/manifest-text.ts";
import type { CandidateReader, CandidateRecords } from "../store/results/candidates.ts";
import type { TrainingReader, TrainingRecords } from "../store/results/trainings.ts";

/** The part of an open project that exports read. */
export interface ExportProject {
  readonly folder: string;
  readonly runs: {
    get(id: string): RunSummary | null;
    record(id: string): FrozenSettings | null;
    children(id: string): readonly RunSummary[];
  };
  readonly candidates: Pick<CandidateReader, "get" | "list" | "in">;
  readonly trainings: Pick<TrainingReader, "get" | "list" | "listAll" | "in">;
  readonly artifacts: { list(runId: string): readonly Artifact[]; latest(runId: string, kind: "ghn"): Artifact | null };
}

/** The settings of a run, and the version of the program that executed it. */
export interface FrozenSettings {
  readonly config: RunConfig;
  readonly codeVersion: string;
}

/** A scored or trained architecture; both fields are null if a run has neither. */
export interface Result<Space extends SpaceId> {
  readonly candidate: CandidateRecords[Space] | null;
  /** The training whose weights are exported. */
  readonly training: TrainingRecords[Space] | null;
  /** Why there is nothing to export: the training, or every training that could win, diverged. A sentence. */
  readonly divergence?: string;
}

/** Everything that may go into the files of one export, in one space. */
export interface ExportableIn<Space extends SpaceId> extends Result<Space> {
  readonly space: Space;
  readonly run: RunSummary;
  readonly config: RunConfig;
  /** Settings of the run that trained the network: of a stage if `run` is the pipeline of that stage. Those of `run` if there is no training. */
  readonly trainedBy: FrozenSettings;
  readonly name: string;
  readonly weights: Artifact | null;
  /** The run with its stages, or the run that it is a stage of with all its stages: their results go into the table of candidates. */
  readonly family: readonly RunSummary[];
}

export interface DrawingOptions {
  readonly title: string;
  /** Colours; light by default. */
  readonly theme?: "light" | "dark";
}

/** How results of one space are chosen and written. */
export interface SpaceExport<Space extends SpaceId> {
  /** The winner of a run with its stages. */
  winner(project: ExportProject, family: readonly RunSummary[]): Result<Space>;
  /** The training whose weights represent a candidate. */
  trainingFor(project: ExportProject, family: readonly RunSummary[], candidate: CandidateRecords[Space]): TrainingRecords[Space] | null;
  /** Why there is no architecture to write or draw although there is a result; null if there is one. */
  obstacle(result: Result<Space>): string | null;
  /** The architecture as a file that can be imported. */
  file(result: Result<Space>, facts: ArchitectureFacts): string;
  /** Why the architecture cannot be a genotype of DARTS-style code; null if it can. Only asked where {@link SpaceExport.obstacle} is null. */
  genotypeObstacle(result: Result<Space>): string | null;
  /** The architecture as a genotype that can be imported. */
  genotype(result: Result<Space>): string;
  /** The cells as graphs in the language of Graphviz. */
  dot(result: Result<Space>, title: string): string;
  /** The architecture as SVG, with its figures below. */
  drawing(result: Result<Space>, options: DrawingOptions): Promise<string>;
  /** Facts about the result for the architecture file. */
  meta(result: Result<Space>): NonNullable<ArchitectureFacts["meta"]>;
  /** The manifest of exported weights, as JSON text. @throws UserError `weights-foreign`, `weights-damaged` */
  manifest(
    path: string,
    weightsFile: string,
    checksum: { readonly sha256: string; readonly bytes: number },
    origin: Readonly<Record<string, string>>,
    split: SplitFacts,
  ): Promise<string>;
  /** Whether the family has results for a table. */
  hasTable(project: ExportProject, family: readonly RunSummary[]): boolean;
  /** All results of the family as CSV. */
  table(project: ExportProject, family: readonly RunSummary[]): string;
}

/** The run and its stages. */
export function familyOf(project: ExportProject, run: RunSummary): RunSummary[] {
  return [run, ...project.runs.children(run.id)];
}

/** Whether any of these runs scored candidates. */
export function hasCandidates(project: ExportProject, space: SpaceId, runs: readonly RunSummary[]): boolean {
  return runs.some((run) => project.candidates.in(space).list(run.id, { limit: 1 }).total > 0);
}

/** Candidates of exactly these runs. */
export function candidatesOf<Space extends SpaceId>(project: ExportProject, space: Space, runs: readonly RunSummary[]): CandidateRecords[Space][] {
  const reader = project.candidates.in(space);
  return runs.flatMap((run) => reader.list(run.id, { limit: 1_000_000 }).rows);
}

/** Usable trainings of these runs, each once. */
export function trainingsOf<Space extends SpaceId>(project: ExportProject, space: Space, runs: readonly RunSummary[]): TrainingRecords[Space][] {
  const reader = project.trainings.in(space);
  return runs.flatMap((run) => reader.list(run.id).filter(({ runId }) => runId === run.id));
}

/** As {@link trainingsOf}, with those that diverged. */
export function allTrainingsOf<Space extends SpaceId>(project: ExportProject, space: Space, runs: readonly RunSummary[]): TrainingRecords[Space][] {
  const reader = project.trainings.in(space);
  return runs.flatMap((run) => reader.listAll(run.id).filter(({ runId }) => runId === run.id));
}
