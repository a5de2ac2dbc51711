/** Analysis of a study: every predictor compared with trained accuracy on the same cells, always with n and an interval. Pure. */
import type { Architecture } from "../../domain/architecture/network.ts";
import { COEFFICIENTS, type CorrelationMethod, finitePairs, pearson } from "../statistics/coefficients.ts";
import { topHalf } from "../statistics/correlation.ts";
import { type PairedComparison, precisionAtK, regretAtK } from "../statistics/ranking-quality.ts";
import { drawCounts, ResampledCoefficients } from "../statistics/resampled-coefficients.ts";
import { createUniformRandom } from "../statistics/resampling.ts";
import { comparePairs, type PredictorPair, pairOf } from "./study-pairs.ts";

/** A predictor with its values for each cell, one list per seed. */
export interface PredictorData {
  readonly name: string;
  readonly kind: "generator" | "proxy" | "sgd";
  readonly runs: readonly { readonly seed: number; readonly values: readonly (number | null)[] }[];
  /** Milliseconds per architecture for generating and evaluating weights. Null if not applicable. */
  readonly generationMs: number | null;
  readonly evaluationMs: number | null;
  /** Generators only: number of parameters and training time in seconds (means over seeds). */
  readonly generatorParameters?: number | null;
  readonly trainingSeconds?: number | null;
}

/** A variant of a generator and the settings that distinguish it. */
export interface VariantFacts {
  /** Name of its predictor. */
  readonly name: string;
  /** The settings that differ between variants, by title. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

export interface StudyData {
  readonly title: string;
  /** The protocol as labels and values, in order. */
  readonly protocol: readonly (readonly [label: string, value: string])[];
  readonly cells: readonly string[];
  /** Ground truth: mean validation accuracy of the trained networks, by cell. The name is part of the JSON format. */
  readonly truth: readonly (number | null)[];
  /** Cells whose training diverged: they have no ground truth and are not trained again. Missing in files of earlier versions. */
  readonly diverged?: number;
  /** All trainings of each cell, for the noise ceiling. */
  readonly repetitions: readonly (readonly number[])[];
  readonly predictors: readonly PredictorData[];
  readonly variants?: readonly VariantFacts[];
  /** The cells themselves, in the order of `cells`. */
  readonly architectures?: readonly Architecture[];
}

/** A coefficient over n cells: mean over seeds, their standard deviation, 95 % bootstrap interval over cells. */
export interface StudyCorrelation {
  readonly value: number | null;
  readonly deviation: number | null;
  readonly interval: readonly [number, number] | null;
  readonly n: number;
}

export interface StudyRow {
  readonly name: string;
  readonly kind: PredictorData["kind"];
  readonly seeds: number;
  readonly all: Readonly<Record<CorrelationMethod, StudyCorrelation>>;
  readonly topHalf: Readonly<Record<CorrelationMethod, StudyCorrelation>>;
  readonly precision: number | null;
  readonly regret: number | null;
  readonly generationMs: number | null;
  readonly evaluationMs: number | null;
  /** Comparison with the parameter count: Spearman, mean over seeds. */
  readonly againstParameters: PairedComparison | null;
}

export interface StudyResult {
  readonly data: StudyData;
  readonly rows: readonly StudyRow[];
  /** All pairs of predictors. */
  readonly pairs: readonly PredictorPair[];
  /** Number of cells with a ground truth. */
  readonly n: number;
  /** Number of cells whose training has ended, including those that diverged. */
  readonly trained: number;
  /** k of precision@k and regret@k. */
  readonly k: number;
  /** Mean Pearson correlation of two trainings of the same cells (reliability of the ground truth); null without repetitions. Its square root is the expected maximum for any predictor. */
  readonly noiseCeiling: number | null;
}

const METHOD_NAMES: readonly CorrelationMethod[] = ["pearson", "spearman", "kendall"];

/** Analyses a study. @param options.resamples number of bootstrap resamples over cells */
export function analyseStudy(data: StudyData, options: { readonly resamples?: number; readonly seed?: number } = {}): StudyResult {
  const { resamples = 1000, seed = 1 } = options;
  const complete = data.truth.filter((value) => value !== null && Number.isFinite(value)).length;
  const k = Math.max(1, Math.round(complete / 10));
  const pairs = comparePairs(data.predictors, data.truth, { resamples, seed });
  // The better half by ground truth, the paper's "top 50"; the same cells for all predictors.
  const half = new Set(topHalf(data.truth, data.truth));
  const inHalf = (values: readonly (number | null)[]): (number | null)[] => values.map((value, i) => (half.has(i) ? value : null));
  const rows = data.predictors.map((predictor): StudyRow => {
    return {
      name: predictor.name,
      kind: predictor.kind,
      seeds: predictor.runs.length,
      all: correlations(
        predictor.runs.map((run) => run.values),
        data.truth,
        resamples,
        seed,
      ),
      topHalf: correlations(
        predictor.runs.map((run) => inHalf(run.values)),
        data.truth,
        resamples,
        seed,
      ),
      precision: meanOf(predictor.runs.map((run) => precisionAtK(run.values, data.truth, k))),
      regret: meanOf(predictor.runs.map((run) => regretAtK(run.values, data.truth, k))),
      generationMs: predictor.generationMs,
      evaluationMs: predictor.evaluationMs,
      againstParameters: pairOf(pairs, predictor.name, "parameters"),
    };
  });
  return { data, rows, pairs, n: complete, trained: complete + (data.diverged ?? 0), k, noiseCeiling: noiseCeiling(data.repetitions) };
}

/** The coefficient of each seed of a predictor, in the order of its runs; `half`: only over the better half of the cells by accuracy. */
export function seedCoefficients(
  predictor: PredictorData,
  groundTruth: readonly (number | null)[],
  method: CorrelationMethod,
  half = false,
): (number | null)[] {
  const better = half ? new Set(topHalf(groundTruth, groundTruth)) : null;
  return predictor.runs.map(({ values }) => {
    const { x, y } = finitePairs(
      values.map((value, i) => (better === null || better.has(i) ? value : null)),
      groundTruth,
    );
    return COEFFICIENTS[method](x, y);
  });
}

function correlations(
  runs: readonly (readonly (number | null)[])[],
  groundTruth: readonly (number | null)[],
  resamples: number,
  seed: number,
): Record<CorrelationMethod, StudyCorrelation> {
  const pairs = runs.map((run) => finitePairs(run, groundTruth));
  const intervals = bootstrap(pairs, groundTruth.length, resamples, seed);
  const entry = (method: CorrelationMethod): StudyCorrelation => {
    const known = pairs.map(({ x, y }) => COEFFICIENTS[method](x, y)).filter((value): value is number => value !== null);
    const value = meanOf(known);
    const deviation = known.length < 2 || value === null ? null : Math.sqrt(known.reduce((sum, one) => sum + (one - value) ** 2, 0) / (known.length - 1));
    return { value, deviation, interval: value === null ? null : intervals[method], n: pairs[0]?.x.length ?? 0 };
  };
  return { pearson: entry("pearson"), spearman: entry("spearman"), kendall: entry("kendall") };
}

/** Percentile intervals of the mean coefficients over runs. All runs and methods share the resamples. */
function bootstrap(
  runs: readonly ReturnType<typeof finitePairs>[],
  n: number,
  resamples: number,
  seed: number,
): Record<CorrelationMethod, readonly [number, number] | null> {
  const values: Record<CorrelationMethod, number[]> = { pearson: [], spearman: [], kendall: [] };
  if (n < 5) return { pearson: null, spearman: null, kendall: null };
  const next = createUniformRandom(seed);
  const cells = new Int32Array(n);
  const prepared = runs.map(({ x, y, index }) => ({ index, counts: new Int32Array(index.length), coefficients: new ResampledCoefficients(x, y) }));
  for (let r = 0; r < resamples; r++) {
    drawCounts(next, n, cells);
    for (const { index, counts } of prepared) for (let i = 0; i < index.length; i++) counts[i] = cells[index[i] ?? 0] ?? 0;
    for (const method of METHOD_NAMES) {
      const mean = meanOf(prepared.map(({ counts, coefficients }) => coefficients.of(method, counts)));
      if (mean !== null) values[method].push(mean);
    }
  }
  const interval = (list: number[]): readonly [number, number] | null => {
    if (list.length < resamples / 2) return null;
    list.sort((a, b) => a - b);
    const at = (q: number): number => list[Math.min(list.length - 1, Math.round(q * (list.length - 1)))] ?? 0;
    return [at(0.025), at(0.975)];
  };
  return { pearson: interval(values.pearson), spearman: interval(values.spearman), kendall: interval(values.kendall) };
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Mean Pearson correlation over all pairs of repetitions. */
function noiseCeiling(repetitions: readonly (readonly number[])[]): number | null {
  const most = Math.max(0, ...repetitions.map((list) => list.length));
  const found: (number | null)[] = [];
  for (let a = 0; a < most; a++) {
    for (let b = a + 1; b < most; b++) {
      const { x, y } = finitePairs(
        repetitions.map((list) => list[a] ?? null),
        repetitions.map((list) => list[b] ?? null),
      );
      if (x.length >= 4) found.push(pearson(x, y));
    }
  }
  return meanOf(found);
}
