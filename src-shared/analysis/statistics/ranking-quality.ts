/** Ranking quality of a predictor. Pure; higher is better for both predictor and ground truth. */
import { finitePairs } from "./coefficients.ts";

/** Indices of the `k` largest values, best first; ties by index. */
export function topK(values: readonly number[], k: number): number[] {
  return values
    .map((value, index) => ({ value, index }))
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, k)
    .map(({ index }) => index);
}

/** Share of the predictor's k best cells that are among the k best by ground truth, in [0, 1]. Null for fewer than k pairs. */
export function precisionAtK(predictor: readonly (number | null)[], groundTruth: readonly (number | null)[], k: number): number | null {
  const { x, y } = finitePairs(predictor, groundTruth);
  if (k < 1 || x.length < k) return null;
  const best = new Set(topK(y, k));
  return topK(x, k).filter((index) => best.has(index)).length / k;
}

/** Best ground truth minus the best ground truth among the predictor's k best cells, ≥ 0. Null for fewer than k pairs. */
export function regretAtK(predictor: readonly (number | null)[], groundTruth: readonly (number | null)[], k: number): number | null {
  const { x, y } = finitePairs(predictor, groundTruth);
  if (k < 1 || x.length < k) return null;
  const chosen = topK(x, k).map((index) => y[index] ?? -Infinity);
  return Math.max(...y) - Math.max(...chosen);
}

/** Paired comparison of two predictors on the same cells. */
export interface PairedComparison {
  /** Correlation of the first minus that of the second. */
  readonly difference: number;
  /** Percentile interval of the difference, 95 %. */
  readonly interval: readonly [number, number];
  /** Two-sided bootstrap p-value, never below 1 / (resamples + 1). */
  readonly p: number;
  readonly n: number;
}
