/** Compares two groups of independent values, for example cells chosen by a GHN and random cells. Pure. */
import { createUniformRandom } from "./resampling.ts";

export interface GroupDifference {
  /** Mean of the first minus mean of the second. */
  readonly difference: number;
  /** 95 % percentile interval by resampling within each group. */
  readonly interval: readonly [number, number];
  /** p-value of a two-sided permutation test; exact for at most 20,000 partitions, otherwise by that many random ones. */
  readonly p: number;
}

const MOST_PERMUTATIONS = 20_000;

/** Compares two groups; null if one has fewer than two values. */
export function compareGroups(
  first: readonly number[],
  second: readonly number[],
  { resamples = 2000, seed = 1 }: { readonly resamples?: number; readonly seed?: number } = {},
): GroupDifference | null {
  if (first.length < 2 || second.length < 2) return null;
  const difference = mean(first) - mean(second);
  const next = createUniformRandom(seed);
  const redraw = (values: readonly number[]): number => mean(values.map(() => values[Math.floor(next() * values.length)] ?? 0));
  const drawn = Array.from({ length: resamples }, () => redraw(first) - redraw(second)).sort((a, b) => a - b);
  const at = (q: number): number => drawn[Math.round(q * (drawn.length - 1))] ?? difference;
  return { difference, interval: [at(0.025), at(0.975)], p: permutationP([...first, ...second], first.length, Math.abs(difference), next) };
}

function permutationP(values: readonly number[], size: number, observed: number, next: () => number): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  const other = values.length - size;
  // Tolerance, so that rounding does not exclude the observed partition itself.
  const extreme = (sum: number): boolean => Math.abs(sum / size - (total - sum) / other) >= observed - 1e-12;
  if (binomial(values.length, size) <= MOST_PERMUTATIONS) {
    let [count, hits] = [0, 0];
    const choose = (from: number, left: number, sum: number): void => {
      if (left === 0) {
        count += 1;
        if (extreme(sum)) hits += 1;
        return;
      }
      for (let i = from; i <= values.length - left; i++) choose(i + 1, left - 1, sum + (values[i] ?? 0));
    };
    choose(0, size, 0);
    return hits / count;
  }
  let hits = 0;
  const shuffled = [...values];
  for (let r = 0; r < MOST_PERMUTATIONS; r++) {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      const j = i + Math.floor(next() * (shuffled.length - i));
      const picked = shuffled[j] ?? 0;
      shuffled[j] = shuffled[i] ?? 0;
      shuffled[i] = picked;
      sum += picked;
    }
    if (extreme(sum)) hits += 1;
  }
  return (hits + 1) / (MOST_PERMUTATIONS + 1);
}

function binomial(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= Math.min(k, n - k); i++) value = (value * (n - i + 1)) / i;
  return value;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
