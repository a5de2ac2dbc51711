/**
 * Agreement of two measurements of the same cells, always with n and a 95 % interval: a coefficient without them says
 * little (0.68 on 100 cells has an interval of [0.56, 0.77]).
 */

import { linearRegression, sampleCorrelation } from "simple-statistics";
import { createGenerator } from "./resampling.ts";

export type CorrelationMethod = "pearson" | "spearman" | "kendall";
export type IntervalMethod = "fisher" | "bootstrap";

export interface Correlation {
  readonly method: CorrelationMethod;
  /** null when it is not defined: fewer than three pairs, or one side constant. */
  readonly value: number | null;
  readonly n: number;
  readonly interval: readonly [number, number] | null;
  readonly intervalMethod: IntervalMethod;
}

/** z of the two-sided 95 % interval of the normal distribution. */
const Z95 = 1.959963984540054;
const SMALLEST_N = 3;

/** Pairs of which both sides are finite, with their index in the input. */
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

const COEFFICIENTS: Readonly<Record<CorrelationMethod, (x: readonly number[], y: readonly number[]) => number | null>> = { pearson, spearman, kendall };

export interface CorrelationOptions {
  readonly interval?: IntervalMethod;
  /** Resamples of the bootstrap. */
  readonly resamples?: number;
  readonly seed?: number;
}

/** One coefficient with n and its 95 % interval; pairs with a missing side are left out. */
export function correlate(
  method: CorrelationMethod,
  x: readonly (number | null)[],
  y: readonly (number | null)[],
  options: CorrelationOptions = {},
): Correlation {
  const pairs = finitePairs(x, y);
  const value = COEFFICIENTS[method](pairs.x, pairs.y);
  const n = pairs.x.length;
  const intervalMethod = options.interval ?? "fisher";
  const interval =
    value === null
      ? null
      : intervalMethod === "fisher"
        ? fisherInterval(method, value, n)
        : bootstrapInterval(method, pairs.x, pairs.y, options.resamples ?? 1000, options.seed ?? 1);
  return { method, value, n, interval, intervalMethod };
}

export function correlateAll(
  x: readonly (number | null)[],
  y: readonly (number | null)[],
  options: CorrelationOptions = {},
): Readonly<Record<CorrelationMethod, Correlation>> {
  return { pearson: correlate("pearson", x, y, options), spearman: correlate("spearman", x, y, options), kendall: correlate("kendall", x, y, options) };
}

/**
 * 95 % interval after Fisher's z-transformation. Variances of z: 1/(n−3) for Pearson, (1 + r²/2)/(n−3) for Spearman
 * (Bonett and Wright 2000), 0.437/(n−4) for Kendall (Fieller and others 1957).
 */
export function fisherInterval(method: CorrelationMethod, value: number, n: number): readonly [number, number] | null {
  if (n < 5) return null;
  if (Math.abs(value) >= 1) return [value, value];
  const variance = method === "pearson" ? 1 / (n - 3) : method === "spearman" ? (1 + (value * value) / 2) / (n - 3) : 0.437 / (n - 4);
  const half = Z95 * Math.sqrt(variance);
  const z = Math.atanh(value);
  return [Math.tanh(z - half), Math.tanh(z + half)];
}

/** Percentile bootstrap over cells, seeded: the same data give the same interval. */
export function bootstrapInterval(
  method: CorrelationMethod,
  x: readonly number[],
  y: readonly number[],
  resamples: number,
  seed: number,
): readonly [number, number] | null {
  const n = x.length;
  if (n < 5) return null;
  const random = createGenerator(seed);
  const values: number[] = [];
  for (let r = 0; r < resamples; r++) {
    const drawnX: number[] = [];
    const drawnY: number[] = [];
    for (let i = 0; i < n; i++) {
      const j = Math.floor(random() * n);
      drawnX.push(at(x, j));
      drawnY.push(at(y, j));
    }
    const value = COEFFICIENTS[method](drawnX, drawnY);
    if (value !== null) values.push(value);
  }
  if (values.length < resamples / 2) return null;
  values.sort((a, b) => a - b);
  return [at(values, Math.floor(0.025 * (values.length - 1))), at(values, Math.ceil(0.975 * (values.length - 1)))];
}

/** Indices of the better half by `truth` (the paper's "top 50" of 100 cells), of pairs that are complete. */
export function topHalf(predictor: readonly (number | null)[], truth: readonly (number | null)[]): number[] {
  const pairs = finitePairs(predictor, truth);
  const order = pairs.index.map((index, k) => ({ index, value: at(pairs.y, k) })).sort((a, b) => b.value - a.value || a.index - b.index);
  return order.slice(0, Math.ceil(order.length / 2)).map((entry) => entry.index);
}

export interface Regression {
  readonly slope: number;
  readonly intercept: number;
  /** Standardised residual of each input pair; null where the pair is incomplete. */
  readonly residuals: readonly (number | null)[];
  /** Indices of pairs whose standardised residual is at least the threshold, the largest first. */
  readonly outliers: readonly number[];
}

/** Least-squares line with internally studentised residuals: each is divided by its own standard error. */
export function regress(x: readonly (number | null)[], y: readonly (number | null)[], threshold = 2): Regression | null {
  const pairs = finitePairs(x, y);
  const n = pairs.x.length;
  if (n < SMALLEST_N || isConstant(pairs.x)) return null;
  const { m: slope, b: intercept } = linearRegression(pairs.x.map((value, k) => [value, at(pairs.y, k)]));
  const meanX = pairs.x.reduce((sum, value) => sum + value, 0) / n;
  const spreadX = pairs.x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const raw = pairs.x.map((value, k) => at(pairs.y, k) - (slope * value + intercept));
  const sigma = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0) / (n - 2));
  const residuals = new Array<number | null>(Math.min(x.length, y.length)).fill(null);
  raw.forEach((value, k) => {
    const leverage = 1 / n + (at(pairs.x, k) - meanX) ** 2 / spreadX;
    const error = sigma * Math.sqrt(Math.max(1e-12, 1 - leverage));
    residuals[at(pairs.index, k)] = error > 1e-12 ? value / error : 0;
  });
  const outliers = pairs.index
    .filter((i) => Math.abs(residuals[i] ?? 0) >= threshold)
    .sort((a, b) => Math.abs(residuals[b] ?? 0) - Math.abs(residuals[a] ?? 0));
  return { slope, intercept, residuals, outliers };
}

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

/** Sorts in place by merging and counts how many pairs stood in the wrong order. */
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
