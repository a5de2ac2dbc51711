/** The variants of a study against each other: which of them rank cells better than others, beyond chance. Pure. */
import type { PairedComparison } from "../statistics/ranking-quality.ts";
import type { StudyResult } from "./study.ts";
import { pairOf } from "./study-pairs.ts";

/** Spearman's coefficient of `first` minus that of `second`; `adjusted` is its p corrected for the number of pairs of variants. */
export interface VariantPair {
  readonly first: string;
  readonly second: string;
  readonly comparison: PairedComparison;
  readonly adjusted: number;
}

/** Every two variants by the accuracy with generated weights, the pair with the smallest p first. Empty with fewer than two variants. */
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

/** p values corrected for their number by Holm's step-down procedure (1979), in the order given; 1 at most. */
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
