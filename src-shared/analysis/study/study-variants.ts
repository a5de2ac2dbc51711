/** Pairwise comparison of the variants of a study. Pure. */
import type { PairedComparison } from "../statistics/ranking-quality.ts";
import type { StudyResult } from "./study.ts";
import { pairOf } from "./study-pairs.ts";

/** Spearman coefficient of `first` minus that of `second`; `adjusted` is p corrected for the number of pairs. */
export interface VariantPair {
  readonly first: string;
  readonly second: string;
  readonly comparison: PairedComparison;
  readonly adjusted: number;
}

/** All pairs of variants, compared by their accuracy with generated weights, smallest p first. Empty with fewer than two variants. */
export function variantPairs({ data, pairs }: Pick<StudyResult, "data" | "pairs">): VariantPair[] {
  const names = (data.variants ?? []).map(({ name }) => name);
  const known = names.flatMap((first, a) =>
    names.slice(a + 1).flatMap((second) => {
      const comparison = pairOf(pairs, first, second);
      return comparison === null ? [] : [{ first, second, comparison }];
    }),
  );
  const adjusted = holm(known.map(({ comparison }) => comparison.p));
  return known.map((pair, i) => ({ ...pair, adjusted: adjusted[i] ?? 1 })).sort((a, b) => a.comparison.p - b.comparison.p);
}

/** p-values corrected by Holm's step-down procedure (1979), in the given order; at most 1. */
export function holm(values: readonly number[]): number[] {
  const adjusted = values.map(() => 1);
  let least = 0;
  for (const [rank, { p, i }] of values
    .map((p, i) => ({ p, i }))
    .sort((a, b) => a.p - b.p)
    .entries()) {
    least = Math.min(1, Math.max(least, (values.length - rank) * p));
    adjusted[i] = least;
  }
  return adjusted;
}
