/** Which predictor of a study is best, if that can be said at all. Pure. */
import type { StudyCorrelation, StudyResult, StudyRow } from "./study.ts";

export type Leader =
  /** Not all cells are trained. */
  | { readonly type: "open" }
  /** No predictor has a coefficient. */
  | { readonly type: "none" }
  /** The coefficients have no intervals: there are too few cells to tell predictors apart. */
  | { readonly type: "few" }
  /** The highest coefficient, and the predictors whose intervals overlap its interval: none is best. */
  | { readonly type: "overlap"; readonly first: StudyRow; readonly others: readonly StudyRow[] }
  /** The only predictor, or the one whose interval is above the intervals of all others. */
  | { readonly type: "best"; readonly row: StudyRow };

/** @param of the coefficient to compare, by default Spearman over all cells */
export function leaderOf({ data, rows, trained }: StudyResult, of: (row: StudyRow) => StudyCorrelation = (row) => row.all.spearman): Leader {
  if (trained < data.cells.length) return { type: "open" };
  const known = rows.filter((row) => of(row).value !== null).sort((a, b) => (of(b).value ?? -2) - (of(a).value ?? -2));
  const [first, ...rest] = known;
  if (first === undefined) return { type: "none" };
  const { interval } = of(first);
  if (interval === null) return { type: "few" };
  const others = rest.filter((row) => (of(row).interval?.[1] ?? 1) >= interval[0]);
  return others.length === 0 ? { type: "best", row: first } : { type: "overlap", first, others };
}
