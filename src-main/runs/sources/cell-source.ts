import { type CellSource, isStaged } from "../../../src-shared/domain/config/run-config.ts";
import type { Candidate, Training } from "../../../src-shared/domain/records/run.ts";
import type { CellToTrain } from "../../../src-shared/worker-protocol.ts";
import { canonicalArchitecture } from "../../engine/spaces/cell/canonical.ts";
import { UserError } from "../../lib/errors.ts";
import type { StoreReader } from "../../store/store.ts";

/**
 * The cells that a training run takes, in the order in which they are trained.
 * @throws UserError when the run named does not exist, is not done, or has no cells of the kind asked for
 */
export function resolveCells(store: StoreReader, source: CellSource): CellToTrain[] {
  switch (source.from) {
    case "search":
      return fromSearch(store, source.runId, source.top, source.random);
    case "training":
      return fromTraining(store, source.runId, source.best);
    case "cells":
      return source.cells.map(({ name, architecture }) => ({
        name,
        architecture,
        canonical: canonicalArchitecture(architecture),
        candidateId: null,
        role: "none",
        score: null,
      }));
  }
}

/**
 * The shortlist by rank, then the random baseline by order. More than the shortlist holds is taken from the ranking. With several objectives the shortlist is not the top
 * of the ranking, which is by score.
 */
function fromSearch(store: StoreReader, runId: string, top: number, random: number): CellToTrain[] {
  const run = completed(store, runId, "search");
  const all = store.candidates.list(run, { sort: "rank", limit: 1_000_000 }).rows;
  const ranked = all.filter((candidate) => candidate.rank !== null && candidate.role !== "random");
  const best = [...ranked.filter(({ role }) => role === "shortlist"), ...ranked.filter(({ role }) => role !== "shortlist")].slice(0, top);
  const baseline = all
    .filter((candidate) => candidate.role === "random")
    .sort((a, b) => a.index - b.index)
    .slice(0, random);
  if (best.length === 0 && top > 0)
    throw new UserError("The search has ranked no cells.", { code: "cells-missing", remedy: "Choose another search.", field: "source.runId" });
  if (baseline.length < random)
    throw new UserError(`The search has a random baseline of ${baseline.length} cells; ${random} are asked for.`, {
      code: "cells-missing",
      remedy: `Ask for at most ${baseline.length} random cells, or search again with a larger baseline.`,
      field: "source.random",
    });
  if (best.length + baseline.length === 0)
    throw new UserError("No cells are asked for.", {
      code: "cells-missing",
      remedy: "Take at least one cell of the shortlist or of the baseline.",
      field: "source.top",
    });
  return [...best.map((candidate) => toCell(candidate, "shortlist")), ...baseline.map((candidate) => toCell(candidate, "random"))];
}

function toCell(candidate: Candidate, role: CellToTrain["role"]): CellToTrain {
  return {
    name: candidate.name,
    architecture: candidate.architecture,
    canonical: candidate.canonical,
    candidateId: candidate.id,
    role,
    score: candidate.score,
  };
}

/**
 * The best cells of a training run by mean validation accuracy over repetitions ("GHN Top-Best" of the paper). Cells of
 * a random baseline are there for comparison: they are taken only where there are no others.
 */
function fromTraining(store: StoreReader, runId: string, best: number): CellToTrain[] {
  const run = completed(store, runId, "cell-training");
  const trainings = store.trainings.list(run);
  const chosen = trainings.some((training) => training.role !== "random") ? trainings.filter((training) => training.role !== "random") : trainings;
  const cells = meansByCell(chosen).slice(0, best);
  if (cells.length === 0) throw new UserError("The run has trained no cells.", { code: "cells-missing", remedy: "Choose another run.", field: "source.runId" });
  return cells.map(({ first }) => ({
    name: first.name,
    architecture: first.architecture,
    canonical: first.canonical,
    candidateId: first.candidateId,
    role: first.role,
    score: first.score,
  }));
}

/** Trainings grouped by cell, the best mean validation accuracy first; ties keep the order of training. */
export function meansByCell(trainings: readonly Training[]): { readonly first: Training; readonly mean: number }[] {
  const groups = new Map<string, { first: Training; sum: number; count: number }>();
  for (const training of trainings) {
    // The same cell may be in the shortlist and in the baseline: two entries, trained apart.
    const key = `${training.role} ${training.name} ${training.canonical}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: training, sum: training.validationAccuracy, count: 1 });
    else {
      group.sum += training.validationAccuracy;
      group.count += 1;
    }
  }
  return [...groups.values()].map(({ first, sum, count }) => ({ first, mean: sum / count })).sort((a, b) => b.mean - a.mean);
}

function completed(store: StoreReader, runId: string, kind: "search" | "cell-training"): string {
  const run = store.runs.get(runId);
  const what = kind === "search" ? "search" : "training run";
  if (run === null)
    throw new UserError(`There is no run ${runId} in this project.`, { code: "run-missing", remedy: `Name a ${what} of this project.`, field: "source.runId" });
  if (run.kind === "pipeline") {
    const stages = store.runs.children(runId).filter((stage) => stage.kind === kind && (kind === "search" || stage.stage === "compare"));
    const stage = stages[stages.length - 1];
    if (stage !== undefined) return completed(store, stage.id, kind);
  }
  if (run.kind !== kind)
    throw new UserError(`The run ${run.name} is no ${what}.`, { code: "run-kind", remedy: `Name a ${what} of this project.`, field: "source.runId" });
  if (run.status !== "completed")
    throw new UserError(`The run ${run.name} is not completed (${run.status}).`, {
      code: "run-unfinished",
      remedy: "Wait for its end or resume it, then start again.",
      field: "source.runId",
    });
  return runId;
}

/**
 * File of the trained GHN that a search names.
 * @param kind the kind of run that trains such a GHN
 * @throws UserError when there is none
 */
export function ghnArtifactPath(store: StoreReader, ghnRunId: string, kind: "ghn-training" | "anytime-ghn" = "ghn-training"): string {
  const run = store.runs.get(ghnRunId);
  if (run === null)
    throw new UserError(`There is no run ${ghnRunId} in this project.`, {
      code: "ghn-missing",
      remedy: "Name a run of this project that trained a GHN.",
      field: "ghnRunId",
    });
  if (isStaged(run.kind)) {
    const stage = store.runs.children(ghnRunId).find((child) => child.kind === kind);
    if (stage !== undefined) return ghnArtifactPath(store, stage.id, kind);
  }
  if (run.kind !== kind)
    throw new UserError(`The run ${run.name} trained no GHN${kind === "anytime-ghn" ? " of the anytime space" : ""}.`, {
      code: "ghn-missing",
      remedy: `Name a run of kind ${kind}.`,
      field: "ghnRunId",
    });
  const artifact = store.artifacts.latest(ghnRunId, "ghn");
  if (artifact === null)
    throw new UserError(`The run ${run.name} has not finished its GHN yet.`, {
      code: "ghn-missing",
      remedy: "Wait for its end or resume it, then start the search again.",
      field: "ghnRunId",
    });
  return artifact.path;
}
