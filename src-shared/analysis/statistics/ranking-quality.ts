/** How well a predictor ranks: what one wins or loses by trusting it. Pure; higher predictor and higher truth are better. */
import { finitePairs } from "./coefficients.ts";

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
