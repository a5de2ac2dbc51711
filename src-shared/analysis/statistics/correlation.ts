/**
 * Correlation of two measurements of the same cells, always with n and a 95 % interval, since a coefficient alone says
 * little (0.68 on 100 cells has the interval [0.56, 0.77]).
 */

import { linearRegression } from "simple-statistics";
import { COEFFICIENTS, type CorrelationMethod, finitePairs, SMALLEST_N } from "./coefficients.ts";
import { bootstrapInterval } from "./resampled-coefficients.ts";

export type IntervalMethod = "fisher" | "bootstrap";

export interface Correlation {
  readonly method: CorrelationMethod;
  /** null if undefined: fewer than three pairs, or a constant side. */
  readonly value: number | null;
  readonly n: number;
  readonly interval: readonly [number, number] | null;
  readonly intervalMethod: IntervalMethod;
}

/** z of the two-sided 95 % interval of the normal distribution. */
const Z95 = 1.959963984540054;

export interface CorrelationOptions {
  readonly interval?: IntervalMethod;
  /** Number of bootstrap resamples. */
  readonly resamples?: number;
  readonly seed?: number;
}

/** A coefficient with n and its 95 % interval; incomplete pairs are skipped. */
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
 * 95 % interval by Fisher's z-transformation. Variances of z: 1/(n−3) for Pearson, (1 + r²/2)/(n−3) for Spearman
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

/** Indices of the better half by `groundTruth` (the paper's "top 50" of 100 cells), among complete pairs. */
export function topHalf(predictor: readonly (number | null)[], groundTruth: readonly (number | null)[]): number[] {
  const pairs = finitePairs(predictor, groundTruth);
  const order = pairs.index.map((index, k) => ({ index, value: at(pairs.y, k) })).sort((a, b) => b.value - a.value || a.index - b.index);
  return order.slice(0, Math.ceil(order.length / 2)).map((entry) => entry.index);
}

export interface Regression {
  readonly slope: number;
  readonly intercept: number;
  /** Standardised residual of each input pair; null for incomplete pairs. */
  readonly residuals: readonly (number | null)[];
  /** Indices of pairs whose standardised residual reaches the threshold, the largest first. */
  readonly outliers: readonly number[];
}

/** Least-squares line with internally studentised residuals (each divided by its standard error). */
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
