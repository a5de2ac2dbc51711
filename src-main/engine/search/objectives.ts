import { frontNumbers } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import type { SearchSettings } from "../../../src-shared/domain/config/run-config.ts";

export type Objective = SearchSettings["objectives"][number];

/** Values from which objectives are computed. */
export interface Measured {
  readonly score: number | null;
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Milliseconds; null if it was not measured. */
  readonly latencyMs?: number | null | undefined;
}

/**
 * The chosen objectives as numbers to minimise: the score is negated. A missing value counts as the worst one. All values are finite, because they are stored as JSON.
 */
export function objectiveValues(measured: Measured, objectives: readonly Objective[]): number[] {
  const all: Readonly<Record<Objective, number>> = {
    score: -(measured.score ?? -Number.MAX_VALUE),
    parameters: measured.parameters,
    multiplyAdds: measured.multiplyAdds,
    latency: measured.latencyMs ?? Number.MAX_VALUE,
  };
  return objectives.map((objective) => all[objective]);
}

/** Number of candidates that no other candidate dominates. */
export function frontSize(candidates: readonly Measured[], objectives: readonly Objective[]): number {
  return frontNumbers(candidates.map((candidate) => objectiveValues(candidate, objectives))).filter((front) => front === 0).length;
}
