/** Correlation coefficients of two lists and their building blocks. Pure. */
import { sampleCorrelation } from "simple-statistics";

export type CorrelationMethod = "pearson" | "spearman" | "kendall";

/** Minimum number of pairs for a coefficient. */
export const SMALLEST_N = 3;

/** The pairs with two finite values, with their index in the input. */
export function finitePairs(x: readonly (number | null)[], y: readonly (number | null)[]): { x: number[]; y: number[]; index: number[] } {
  const pairs: { x: number[]; y: number[]; index: number[] } = { x: [], y: [], index: [] };
  const n = Math.min(x.length, y.length);
  for (let i = 0; i < n; i++) {
    const a = x[i];
    const b = y[i];
    if (a === null || a === undefined || b === null || b === undefined || !Number.isFinite(a) || !Number.isFinite(b)) continue;
    pairs.x.push(a);
    pairs.y.push(b);
    pairs.index.push(i);
  }
  return pairs;
}

/** Ranks from 1; equal values share the mean of their ranks. */
export function averageRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => at(values, a) - at(values, b));
  const ranks = new Array<number>(values.length).fill(0);
  let start = 0;
  while (start < order.length) {
    let end = start;
    while (end + 1 < order.length && at(values, at(order, end + 1)) === at(values, at(order, start))) end++;
    for (let k = start; k <= end; k++) ranks[at(order, k)] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return ranks;
}

export function pearson(x: readonly number[], y: readonly number[]): number | null {
  if (x.length < SMALLEST_N || isConstant(x) || isConstant(y)) return null;
  const value = sampleCorrelation([...x], [...y]);
  return Number.isFinite(value) ? clamp(value) : null;
}

/** Pearson's coefficient of the ranks, ties averaged. */
export function spearman(x: readonly number[], y: readonly number[]): number | null {
  return pearson(averageRanks(x), averageRanks(y));
}

/** Kendall's tau-b in O(n log n) (Knight's algorithm): discordant pairs are the exchanges of a merge sort. */
export function kendall(x: readonly number[], y: readonly number[]): number | null {
  const n = x.length;
  if (n < SMALLEST_N || isConstant(x) || isConstant(y)) return null;
  const order = x.map((_, i) => i).sort((a, b) => at(x, a) - at(x, b) || at(y, a) - at(y, b));
  const pairs = (n * (n - 1)) / 2;
  const tiedX = tiedPairs(order.map((i) => at(x, i)));
  const tiedBoth = tiedPairsOfBoth(order, x, y);
  const sortedY = order.map((i) => at(y, i));
  const exchanges = mergeExchanges(sortedY);
  const tiedY = tiedPairs(sortedY);
  const concordantMinusDiscordant = pairs - tiedX - tiedY + tiedBoth - 2 * exchanges;
  const value = concordantMinusDiscordant / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
  return Number.isFinite(value) ? clamp(value) : null;
}

export const COEFFICIENTS: Readonly<Record<CorrelationMethod, (x: readonly number[], y: readonly number[]) => number | null>> = { pearson, spearman, kendall };

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN;
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

function clamp(value: number): number {
  return Math.max(-1, Math.min(1, value));
}

/** Number of tied pairs in a sorted list. */
function tiedPairs(sorted: readonly number[]): number {
  return runsOfEqual(sorted.length, (i) => at(sorted, i) === at(sorted, i - 1));
}

function tiedPairsOfBoth(order: readonly number[], x: readonly number[], y: readonly number[]): number {
  return runsOfEqual(order.length, (i) => at(x, at(order, i)) === at(x, at(order, i - 1)) && at(y, at(order, i)) === at(y, at(order, i - 1)));
}

function runsOfEqual(n: number, equalsPrevious: (i: number) => boolean): number {
  let pairs = 0;
  let length = 1;
  for (let i = 1; i <= n; i++) {
    if (i < n && equalsPrevious(i)) length++;
    else {
      pairs += (length * (length - 1)) / 2;
      length = 1;
    }
  }
  return pairs;
}

/** Merge sort in place; returns the number of inversions. */
function mergeExchanges(values: number[]): number {
  let exchanges = 0;
  let source = values.slice();
  let target = values.slice();
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let left = start;
      let right = middle;
      for (let k = start; k < end; k++) {
        if (left < middle && (right >= end || at(source, left) <= at(source, right))) target[k] = at(source, left++);
        else {
          if (left < middle) exchanges += middle - left;
          target[k] = at(source, right++);
        }
      }
    }
    [source, target] = [target, source];
  }
  for (let i = 0; i < values.length; i++) values[i] = at(source, i);
  return exchanges;
}
