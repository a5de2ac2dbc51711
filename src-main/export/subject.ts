/** The subject of an export: the architecture, its training and its run, found from a reference. */
import { type SpaceId, spaceIdOf } from "../../src-shared/domain/config/run-config.ts";
import type { ExportSubject } from "../../src-shared/domain/records/exports.ts";
import type { Artifact, RunSummary } from "../../src-shared/domain/records/run.ts";
import { UserError } from "../lib/errors.ts";
import { REPAIR_REMEDY } from "../store/database/damage.ts";
import type { TrainingRecords } from "../store/results/trainings.ts";
import { anytimeExport } from "./anytime-export.ts";
import { cellExport } from "./cell-export.ts";
import { type ExportableIn, type ExportProject, type FrozenSettings, familyOf, type Result, type SpaceExport } from "./space-export.ts";

const EXPORTS: { readonly [Space in SpaceId]: SpaceExport<Space> } = { cell: cellExport, anytime: anytimeExport };

/** Everything that may go into the files of one export. */
export type Exportable = ExportableIn<"cell"> | ExportableIn<"anytime">;

/** How its space writes it. */
export function exportOf<Space extends SpaceId>({ space }: ExportableIn<Space>): SpaceExport<Space> {
  return EXPORTS[space];
}

/**
 * Resolves a subject. A run is resolved to its winner, as defined by its space.
 * @throws UserError `export-missing` when there is no such run, candidate or training
 */
export function resolveSubject(project: ExportProject, subject: ExportSubject): Exportable {
  const space = subject.type === "run" ? spaceIdOf(runOf(project, subject.runId).kind) : subject.space;
  return space === "cell" ? resolveIn(project, "cell", subject) : resolveIn(project, "anytime", subject);
}

function resolveIn<Space extends SpaceId>(project: ExportProject, space: Space, subject: ExportSubject): ExportableIn<Space> {
  const candidates = project.candidates.in(space);
  switch (subject.type) {
    case "run": {
      const run = runOf(project, subject.runId);
      return build(project, space, run, EXPORTS[space].winner(project, familyOf(project, run)));
    }
    case "training": {
      const training = project.trainings.in(space).get(subject.trainingId);
      if (training === null) throw missing(`training ${subject.trainingId}`);
      const candidate = training.candidateId === null ? null : candidates.get(training.candidateId);
      const { divergence } = training;
      return build(project, space, runOf(project, training.runId), { training, candidate, ...(divergence === undefined ? {} : { divergence }) });
    }
    case "candidate": {
      const candidate = candidates.get(subject.candidateId);
      if (candidate === null) throw missing(`${space === "cell" ? "cell" : "network"} ${subject.candidateId}`);
      const run = runOf(project, candidate.runId);
      return build(project, space, run, { candidate, training: EXPORTS[space].trainingFor(project, relatives(project, run), candidate) });
    }
  }
}

function build<Space extends SpaceId>(project: ExportProject, space: Space, run: RunSummary, result: Result<Space>): ExportableIn<Space> {
  const { training, candidate } = result;
  return {
    space,
    ...result,
    run,
    config: settingsOf(project, run).config,
    trainedBy: settingsOf(project, training === null || training.runId === run.id ? run : runOf(project, training.runId)),
    name: training?.name ?? candidate?.name ?? run.name,
    weights: training === null ? null : weightsOf(project, space, training),
    family: relatives(project, run),
  };
}

function settingsOf(project: ExportProject, { id, name }: RunSummary): FrozenSettings {
  const record = project.runs.record(id);
  if (record !== null) return record;
  throw new UserError(`The settings of the run ${name} cannot be read (table run_details, row ${id}).`, { code: "row-damaged", remedy: REPAIR_REMEDY });
}

/** The file with the weights of a training: `weights-<position>`, where positions count within the run. */
function weightsOf<Space extends SpaceId>(project: ExportProject, space: Space, { id, runId }: TrainingRecords[Space]): Artifact | null {
  const position = project.trainings.in(space).positionOf(id);
  return project.artifacts.list(runId).find((artifact) => artifact.kind === "weights" && artifact.name === `weights-${position}.safetensors`) ?? null;
}

/** The whole pipeline that a run belongs to, or the run alone. */
function relatives(project: ExportProject, run: RunSummary): RunSummary[] {
  const parent = run.parentId === null ? null : project.runs.get(run.parentId);
  return familyOf(project, parent ?? run);
}

function runOf(project: ExportProject, id: string): RunSummary {
  const run = project.runs.get(id);
  if (run === null) throw missing(`run ${id}`);
  return run;
}

function missing(what: string): UserError {
  return new UserError(`There is no ${what} in this project.`, {
    code: "export-missing",
    remedy: "To list runs and their results: ghn-studio runs, ghn-studio show <run>.",
  });
}
