import { frontNumbers, paretoOrder } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import { compareCandidates, type Rankable } from "./ranking.ts";

export type Objective = SearchSettings["objectives"][number];

/** What objectives are made of. */
export interface Measured {
  readonly score: number | null;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Milliseconds; null where it was not measured. */
  readonly latencyMs?: number | null | undefined;
}

/** The chosen objectives as numbers that are to be small: the score with its sign changed. What is missing is worst. All are finite: they are kept as JSON. */
export function objectiveValues(measured: Measured, objectives: readonly Objective[]): number[] {
  const all: Readonly<Record<Objective, number>> = {
    score: -(measured.score ?? -Number.MAX_VALUE),
    parameters: measured.parameters,
    multiplyAdds: measured.multiplyAdds,
    latency: measured.latencyMs ?? Number.MAX_VALUE,
  };
  return objectives.map((objective) => all[objective]);
}

/**
 * Candidates, best first. One objective, the score: as the ranking of the search has it. Several: fronts of non-dominated candidates one after the other, each with
 * its least crowded members first, so that a shortlist of any length spreads over the trade-off.
 */
export function bestFirst<T extends Measured & Rankable>(candidates: readonly T[], objectives: readonly Objective[]): T[] {
  const ranked = [...candidates].sort(compareCandidates);
  if (objectives.length === 1 && objectives[0] === "score") return ranked;
  return paretoOrder(ranked.map((candidate) => objectiveValues(candidate, objectives))).flatMap((i) => ranked[i] ?? []);
}

/** How many candidates no other dominates. */
export function frontSize(candidates: readonly Measured[], objectives: readonly Objective[]): number {
  return frontNumbers(candidates.map((candidate) => objectiveValues(candidate, objectives))).filter((front) => front === 0).length;
}
