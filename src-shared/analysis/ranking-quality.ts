/** How well a predictor ranks: what one wins or loses by trusting it. Pure; higher predictor and higher truth are better. */
import { type CorrelationMethod, finitePairs, kendall, pearson, spearman } from "./correlation.ts";
import { createGenerator } from "./resampling.ts";

/** Indices of the `k` largest values, best first; ties by index. */
export function topK(values: readonly number[], k: number): number[] {
  return values
    .map((value, index) => ({ value, index }))
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, k)
    .map(({ index }) => index);
}

/** Share of the k cells that the predictor puts first which are among the k truly best, 0 to 1. Null when fewer than k pairs. */
export function precisionAtK(predictor: readonly (number | null)[], truth: readonly (number | null)[], k: number): number | null {
  const { x, y } = finitePairs(predictor, truth);
  if (k < 1 || x.length < k) return null;
  const best = new Set(topK(y, k));
  return topK(x, k).filter((index) => best.has(index)).length / k;
}

/** Best truth of all minus the best truth among the k cells that the predictor puts first, ≥ 0. Null when fewer than k pairs. */
export function regretAtK(predictor: readonly (number | null)[], truth: readonly (number | null)[], k: number): number | null {
  const { x, y } = finitePairs(predictor, truth);
  if (k < 1 || x.length < k) return null;
  const chosen = topK(x, k).map((index) => y[index] ?? -Infinity);
  return Math.max(...y) - Math.max(...chosen);
}

/** Outcome of a paired comparison of two predictors on the same cells. */
export interface PairedComparison {
  /** Correlation of the first minus that of the second. */
  readonly difference: number;
  /** Percentile interval of the difference, 95 %. */
  readonly interval: readonly [number, number];
  /** Two-sided bootstrap p-value, never below 1 / (resamples + 1). */
  readonly p: number;
  readonly n: number;
}

const METHODS = { pearson, spearman, kendall } as const;

/**
 * Compares two predictors of one truth by resampling cells: both correlations are taken on the same resample, so that what they share cancels.
 * Cells where any of the three is missing are left out. Null with fewer than 4 cells or without spread.
 * @param seed draws the resamples; the same seed gives the same interval
 */
export function comparePredictors(
  method: CorrelationMethod,
  first: readonly (number | null)[],
  second: readonly (number | null)[],
  truth: readonly (number | null)[],
  { resamples = 2000, seed = 1 }: { readonly resamples?: number; readonly seed?: number } = {},
): PairedComparison | null {
  const rows = truth
    .map((value, i) => [first[i], second[i], value] as const)
    .filter((row): row is readonly [number, number, number] => row.every((value) => typeof value === "number" && Number.isFinite(value)));
  if (rows.length < 4) return null;
  const correlate = METHODS[method];
  const differenceOf = (sample: readonly (readonly [number, number, number])[]): number | null => {
    const z = sample.map((row) => row[2]);
    const a = correlate(
      sample.map((row) => row[0]),
      z,
    );
    const b = correlate(
      sample.map((row) => row[1]),
      z,
    );
    return a === null || b === null ? null : a - b;
  };
  const difference = differenceOf(rows);
  if (difference === null) return null;
  const next = createGenerator(seed);
  const differences: number[] = [];
  for (let i = 0; i < resamples; i++) {
    const sample = rows.map(() => rows[Math.floor(next() * rows.length)] ?? ([0, 0, 0] as const));
    const value = differenceOf(sample);
    if (value !== null) differences.push(value);
  }
  if (differences.length < resamples / 2) return null;
  differences.sort((a, b) => a - b);
  const at = (q: number): number => differences[Math.min(differences.length - 1, Math.max(0, Math.round(q * (differences.length - 1))))] ?? difference;
  const below = differences.filter((value) => value <= 0).length;
  const above = differences.filter((value) => value >= 0).length;
  const p = Math.min(1, (2 * (Math.min(below, above) + 1)) / (differences.length + 1));
  return { difference, interval: [at(0.025), at(0.975)], p, n: rows.length };
}
