import { paretoOrder } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import { type Measured, type Objective, objectiveValues } from "./objectives.ts";

/** Fields of a candidate that determine its rank. */
export interface Rankable {
  readonly index: number;
  readonly score: number | null;
  readonly scoreLoss: number | null;
}

/** Best first: by score, ties by lower loss, then by index. Candidates without a score come last. */
export function compareCandidates(a: Rankable, b: Rankable): number {
  const score = (b.score ?? -Infinity) - (a.score ?? -Infinity);
  if (score !== 0 && !Number.isNaN(score)) return score;
  const loss = (a.scoreLoss ?? Infinity) - (b.scoreLoss ?? Infinity);
  if (loss !== 0 && !Number.isNaN(loss)) return loss;
  return a.index - b.index;
}

/**
 * Sorts candidates, best first; the shortlist of a search is the beginning of this list. With the score as the only objective, the order is that of
 * {@link compareCandidates}. With several objectives, the fronts of non-dominated candidates follow each other, each with its least crowded members first, so that a
 * shortlist of any length spreads over the trade-off.
 */
export function bestFirst<T extends Measured & Rankable>(candidates: readonly T[], objectives: readonly Objective[]): T[] {
  const ranked = [...candidates].sort(compareCandidates);
  if (objectives.length === 1 && objectives[0] === "score") return ranked;
  return paretoOrder(ranked.map((candidate) => objectiveValues(candidate, objectives))).flatMap((i) => ranked[i] ?? []);
}
