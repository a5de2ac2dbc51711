/** Paired tests of the predictors of a study on the same cells. Pure. */
import type { PairedComparison } from "../statistics/ranking-quality.ts";
import { drawCounts, ResampledCoefficients } from "../statistics/resampled-coefficients.ts";
import { createUniformRandom } from "../statistics/resampling.ts";

/** The values of one predictor for each cell, one list per seed. */
export interface Ranked {
  readonly name: string;
  readonly runs: readonly { readonly values: readonly (number | null)[] }[];
}

/** Spearman correlation of `first` with the ground truth minus that of `second`, each the mean over its seeds. */
export interface PredictorPair {
  readonly first: string;
  readonly second: string;
  readonly comparison: PairedComparison;
}

/**
 * Compares every pair of predictors by resampling cells. Both coefficients of a pair use the same resample of the cells known to both, so that shared variation cancels; pairs with the
 * same cells also share the resamples. Pairs with fewer than four cells or without variance are skipped. p is two-sided, at least 1 / (resamples + 1), and not corrected for the
 * number of pairs.
 */
export function comparePairs(
  predictors: readonly Ranked[],
  groundTruth: readonly (number | null)[],
  { resamples = 1000, seed = 1 }: { readonly resamples?: number; readonly seed?: number } = {},
): PredictorPair[] {
  const known = predictors.map(({ runs }) => groundTruth.map((value, i) => finite(value) && runs.length > 0 && runs.every(({ values }) => finite(values[i]))));
  const samples = new Map<string, Samples>();
  return predictors.flatMap((first, a) =>
    predictors.slice(a + 1).flatMap((second, offset): PredictorPair[] => {
      const b = a + 1 + offset;
      const cells = groundTruth.flatMap((_, i) => (known[a]?.[i] === true && known[b]?.[i] === true ? [i] : []));
      if (cells.length < 4) return [];
      const key = cells.join();
      const shared = samples.get(key) ?? new Samples(groundTruth, cells, resamples, seed);
      samples.set(key, shared);
      const comparison = compare(shared.of(first), shared.of(second), cells.length);
      return comparison === null ? [] : [{ first: first.name, second: second.name, comparison }];
    }),
  );
}

/** The comparison of `first` with `second`; null if they were not compared. */
export function pairOf(pairs: readonly PredictorPair[], first: string, second: string): PairedComparison | null {
  for (const { comparison, ...names } of pairs) {
    if (names.first === first && names.second === second) return comparison;
    if (names.first === second && names.second === first) {
      const [low, high] = comparison.interval;
      return { ...comparison, difference: -comparison.difference, interval: [-high, -low] };
    }
  }
  return null;
}

interface Coefficients {
  readonly whole: number | null;
  readonly resampled: readonly (number | null)[];
}

/** Resamples of one set of cells, shared by all predictors. */
class Samples {
  private readonly cells: readonly number[];
  private readonly groundTruth: readonly number[];
  /** How often each cell was drawn: for the whole set, then for each resample. */
  private readonly draws: readonly Int32Array[];
  private readonly known = new Map<Ranked, Coefficients>();

  constructor(groundTruth: readonly (number | null)[], cells: readonly number[], resamples: number, seed: number) {
    const next = createUniformRandom(seed);
    this.cells = cells;
    this.groundTruth = cells.map((i) => groundTruth[i] ?? 0);
    const drawn = Array.from({ length: resamples }, () => {
      const counts = new Int32Array(cells.length);
      drawCounts(next, cells.length, counts);
      return counts;
    });
    this.draws = [new Int32Array(cells.length).fill(1), ...drawn];
  }

  of(predictor: Ranked): Coefficients {
    const before = this.known.get(predictor);
    if (before !== undefined) return before;
    const runs = predictor.runs.map(
      ({ values }) =>
        new ResampledCoefficients(
          this.cells.map((i) => values[i] ?? 0),
          this.groundTruth,
        ),
    );
    const [whole = null, ...resampled] = this.draws.map((counts) => {
      const values = runs.map((run) => run.of("spearman", counts));
      return values.some((value) => value === null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
    });
    const coefficients = { whole, resampled };
    this.known.set(predictor, coefficients);
    return coefficients;
  }
}

function compare(first: Coefficients, second: Coefficients, n: number): PairedComparison | null {
  if (first.whole === null || second.whole === null) return null;
  const differences = first.resampled.flatMap((value, r) => {
    const other = second.resampled[r] ?? null;
    return value === null || other === null ? [] : [value - other];
  });
  if (differences.length < first.resampled.length / 2) return null;
  const difference = first.whole - second.whole;
  differences.sort((a, b) => a - b);
  const at = (q: number): number => differences[Math.round(q * (differences.length - 1))] ?? difference;
  const below = differences.filter((value) => value <= 0).length;
  const above = differences.filter((value) => value >= 0).length;
  const p = Math.min(1, (2 * (Math.min(below, above) + 1)) / (differences.length + 1));
  return { difference, interval: [at(0.025), at(0.975)], p, n };
}

function finite(value: number | null | undefined): boolean {
  return typeof value === "number" && Number.isFinite(value);
}
