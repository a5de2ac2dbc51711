/** Which predictor of a study is best, if that can be said at all. Pure. */
import type { StudyCorrelation, StudyResult, StudyRow } from "./study.ts";

export type Leader =
  /** Not all cells are trained, or none has a coefficient: nothing can be said yet. */
  | { readonly type: "open" }
  /** The highest coefficient, and the predictors whose intervals overlap its interval: none is best. */
  | { readonly type: "overlap"; readonly first: StudyRow; readonly others: readonly StudyRow[] }
  /** The only predictor, or the one whose interval is above the intervals of all others. */
  | { readonly type: "best"; readonly row: StudyRow };

/** @param of the coefficient to compare, by default Spearman over all cells */
export function leaderOf({ data, rows, trained }: StudyResult, of: (row: StudyRow) => StudyCorrelation = (row) => row.all.spearman): Leader {
  const known = rows.filter((row) => of(row).value !== null).sort((a, b) => (of(b).value ?? -2) - (of(a).value ?? -2));
  const [first, ...rest] = known;
  if (first === undefined || trained < data.cells.length) return { type: "open" };
  const low = of(first).interval?.[0] ?? null;
  // Without an interval there is too little data to tell predictors apart.
  const others = rest.filter((row) => low === null || (of(row).interval?.[1] ?? 1) >= low);
  return others.length === 0 ? { type: "best", row: first } : { type: "overlap", first, others };
}
