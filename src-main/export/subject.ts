/** What an export is about: the cell, its training and its run, found from a reference. */

import { type AnytimeArchitecture, anytimeModelSchema } from "../../src-shared/domain/architecture/anytime.ts";
import { type Architecture, architectureSchema } from "../../src-shared/domain/architecture/network.ts";
import type { RunConfig } from "../../src-shared/domain/config/run-config.ts";
import type { AnytimeCandidate, AnytimeTraining } from "../../src-shared/domain/records/anytime-records.ts";
import type { ExportSubject } from "../../src-shared/domain/records/exports.ts";
import type { Artifact, Candidate, RunSummary, Training } from "../../src-shared/domain/records/run.ts";
import { UserError } from "../lib/errors.ts";
import { meansByCell } from "../runs/sources/means-by-cell.ts";
import type { CandidateReader } from "../store/results/candidates.ts";
import type { TrainingReader } from "../store/results/trainings.ts";

/** The part of an open project that exports read. */
export interface ExportProject {
  readonly folder: string;
  readonly runs: { get(id: string): RunSummary | null; record(id: string): { readonly config: RunConfig } | null; children(id: string): readonly RunSummary[] };
  readonly candidates: Pick<CandidateReader, "get" | "list" | "in">;
  readonly trainings: Pick<TrainingReader, "get" | "list" | "in">;
  readonly artifacts: { list(runId: string): readonly Artifact[] };
}

/** Everything that may go into the files of one export. */
export interface Exportable {
  readonly run: RunSummary;
  readonly config: RunConfig;
  readonly name: string;
  /** Null where the run has no cell, as one that trains a GHN. */
  readonly architecture: Architecture | null;
  readonly candidate: Candidate | null;
  /** A network with several exits stands here instead of the cell; null for all others. */
  readonly anytime: ExportedNetwork | null;
  /** The training whose weights are exported, and how it was chosen among several. */
  readonly training: Training | null;
  readonly weights: Artifact | null;
  /** Runs whose scored cells go into the table of candidates. */
  readonly candidateRuns: readonly RunSummary[];
  /** Runs whose trainings stand beside them. */
  readonly trainingRuns: readonly RunSummary[];
}

/** A network with several exits: scored, trained, or both. */
export interface ExportedNetwork {
  readonly candidate: AnytimeCandidate | null;
  readonly training: AnytimeTraining | null;
  /** Null for a reference, which is no network of cells. */
  readonly architecture: AnytimeArchitecture | null;
}

/**
 * Finds what a subject stands for. A run stands for its winner: of a pipeline or a training the cell with the best
 * mean validation accuracy of the last stage that trained, and of its trainings the best by the same measure (test images
 * take no part in the choice); of a search the first of the ranking.
 * @throws UserError `export-missing` when there is no such run, candidate or training
 */
export function resolveSubject(project: ExportProject, subject: ExportSubject): Exportable {
  switch (subject.type) {
    case "run": {
      const run = runOf(project, subject.runId);
      if (run.kind.startsWith("anytime")) return anytimeWinner(project, run);
      const family = familyOf(project, run);
      const training = bestOfLastStage(project, family);
      if (training !== null) return build(project, run, training, candidateOf(project, training));
      const first = family.flatMap((member) => project.candidates.list(member.id, { limit: 1 }).rows).find((candidate) => candidate.rank === 1) ?? null;
      return build(project, run, null, first);
    }
    case "training": {
      const training = project.trainings.get(subject.trainingId);
      if (training === null) throw missing(`training ${subject.trainingId}`);
      return build(project, runOf(project, training.runId), training, candidateOf(project, training));
    }
    case "candidate": {
      const candidate = project.candidates.get(subject.candidateId);
      if (candidate === null) throw missing(`cell ${subject.candidateId}`);
      const run = runOf(project, candidate.runId);
      const own = trainingsOf(project, relatives(project, run)).filter((training) => training.candidateId === candidate.id);
      return build(project, run, longestThenBest(own), candidate);
    }
    case "anytime-training": {
      const training = project.trainings.in("anytime").get(subject.trainingId);
      if (training === null) throw missing(`training ${subject.trainingId}`);
      const candidate = training.candidateId === null ? null : project.candidates.in("anytime").get(training.candidateId);
      return buildNetwork(project, runOf(project, training.runId), training, candidate);
    }
    case "anytime-candidate": {
      const candidate = project.candidates.in("anytime").get(subject.candidateId);
      if (candidate === null) throw missing(`network ${subject.candidateId}`);
      return buildNetwork(project, runOf(project, candidate.runId), null, candidate);
    }
  }
}

function buildNetwork(project: ExportProject, run: RunSummary, training: AnytimeTraining | null, candidate: AnytimeCandidate | null): Exportable {
  const model = training?.model ?? (candidate === null ? null : anytimeModelSchema.parse({ kind: "cells", architecture: candidate.architecture }));
  const parsed = model === null ? null : anytimeModelSchema.parse(model);
  const weights = training === null ? null : anytimeWeightsOf(project, training);
  return {
    ...build(project, run, null, null),
    name: training?.name ?? candidate?.name ?? run.name,
    anytime: training === null && candidate === null ? null : { candidate, training, architecture: parsed?.kind === "cells" ? parsed.architecture : null },
    weights,
  };
}

/** The searched network whose training has the largest area on validation images; of a search, the first of the ranking. */
function anytimeWinner(project: ExportProject, run: RunSummary): Exportable {
  const trainings = project.trainings.in("anytime").list(run.id);
  const searched = trainings.filter(({ role }) => role === "shortlist" || role === "none");
  const competing = searched.length > 0 ? searched : trainings.filter(({ role }) => role !== "reference");
  const [training = null] = [...competing].sort((a, b) => b.area - a.area);
  if (training !== null)
    return buildNetwork(project, run, training, training.candidateId === null ? null : project.candidates.in("anytime").get(training.candidateId));
  return buildNetwork(
    project,
    run,
    null,
    project.candidates
      .in("anytime")
      .list(run.id, { limit: 1, stages: true })
      .rows.find(({ rank }) => rank === 1) ?? null,
  );
}

function anytimeWeightsOf(project: ExportProject, training: AnytimeTraining): Artifact | null {
  const position = project.trainings
    .in("anytime")
    .list(training.runId)
    .filter(({ runId }) => runId === training.runId)
    .findIndex(({ id }) => id === training.id);
  return project.artifacts.list(training.runId).find((artifact) => artifact.kind === "weights" && artifact.name === `weights-${position}.safetensors`) ?? null;
}

function build(project: ExportProject, run: RunSummary, training: Training | null, candidate: Candidate | null): Exportable {
  const facts = project.runs.record(run.id);
  if (facts === null) throw missing(`run ${run.id}`);
  const stored = training?.architecture ?? candidate?.architecture ?? null;
  const family = relatives(project, run);
  return {
    run,
    config: facts.config,
    name: training?.name ?? candidate?.name ?? run.name,
    // What lies in a project is input like any other.
    architecture: stored === null ? null : architectureSchema.parse(stored),
    candidate,
    anytime: null,
    training,
    weights: training === null ? null : weightsOf(project, training),
    candidateRuns: family.filter((member) => project.candidates.list(member.id, { limit: 1 }).total > 0),
    trainingRuns: family,
  };
}

/** The file with the weights of a training: `weights-<position>`, positions being counted within the run. */
function weightsOf(project: ExportProject, training: Training): Artifact | null {
  const position = ownTrainings(project, training.runId).findIndex((other) => other.id === training.id);
  return project.artifacts.list(training.runId).find((artifact) => artifact.kind === "weights" && artifact.name === `weights-${position}.safetensors`) ?? null;
}

/** The run and, of a pipeline, its stages. */
function familyOf(project: ExportProject, run: RunSummary): RunSummary[] {
  return [run, ...project.runs.children(run.id)];
}

/** The whole pipeline that a run belongs to, or the run alone. */
function relatives(project: ExportProject, run: RunSummary): RunSummary[] {
  const parent = run.parentId === null ? null : project.runs.get(run.parentId);
  return familyOf(project, parent ?? run);
}

/** Trainings of these runs, each once. */
export function trainingsOf(project: ExportProject, runs: readonly RunSummary[]): Training[] {
  return runs.flatMap((run) => ownTrainings(project, run.id));
}

function ownTrainings(project: ExportProject, runId: string): Training[] {
  return project.trainings.list(runId).filter((training) => training.runId === runId);
}

function bestOfLastStage(project: ExportProject, family: readonly RunSummary[]): Training | null {
  for (const run of [...family].reverse()) {
    const trainings = ownTrainings(project, run.id);
    // Cells of the random baseline are there for comparison: they win only where there are no others.
    const competing = trainings.some((training) => training.role !== "random") ? trainings.filter((training) => training.role !== "random") : trainings;
    const [winner] = meansByCell(competing);
    if (winner !== undefined)
      return best(
        competing.filter(
          (training) => training.name === winner.first.name && training.canonical === winner.first.canonical && training.role === winner.first.role,
        ),
      );
  }
  return null;
}

function longestThenBest(trainings: readonly Training[]): Training | null {
  const longest = Math.max(...trainings.map((training) => training.epochs));
  return best(trainings.filter((training) => training.epochs === longest));
}

function best(trainings: readonly Training[]): Training | null {
  return trainings.reduce<Training | null>((top, training) => (top === null || training.validationAccuracy > top.validationAccuracy ? training : top), null);
}

function candidateOf(project: ExportProject, training: Training): Candidate | null {
  return training.candidateId === null ? null : project.candidates.get(training.candidateId);
}

function runOf(project: ExportProject, id: string): RunSummary {
  const run = project.runs.get(id);
  if (run === null) throw missing(`run ${id}`);
  return run;
}

function missing(what: string): UserError {
  return new UserError(`There is no ${what} in this project.`, {
    code: "export-missing",
    remedy: "List what there is: ghn-studio runs, ghn-studio show <run>.",
  });
}
