import { type CorrelationMethod, finitePairs } from "../../../../src-shared/analysis/statistics/coefficients.ts";
import { regress, topHalf } from "../../../../src-shared/analysis/statistics/correlation.ts";
import { ablationAxis } from "../../../../src-shared/analysis/study/ablation-axis.ts";
import {
  type PredictorData,
  type StudyCorrelation,
  type StudyData,
  type StudyResult,
  type StudyRow,
  seedCoefficients,
} from "../../../../src-shared/analysis/study/study.ts";
import type { Leader } from "../../../../src-shared/analysis/study/study-leader.ts";
import type { RunSummary } from "../../../../src-shared/domain/records/run.ts";
import { coefficient, percent, significant } from "../../../lib/format.ts";
import type { AblationShape } from "../../../widgets/charts/options/ablation-option.ts";
import type { ScatterPoint, ScatterShape } from "../../../widgets/charts/options/scatter-option.ts";

/** Position of a coefficient and its interval on a scale from -1 to 1, in percent of its width. */
export interface Whisker {
  readonly value: number;
  readonly from: number;
  readonly to: number;
}

export function whiskerOf({ value, interval }: StudyCorrelation): Whisker | null {
  if (value === null) return null;
  const at = (coefficient: number): number => 50 * (Math.min(1, Math.max(-1, coefficient)) + 1);
  return { value: at(value), from: at(interval?.[0] ?? value), to: at(interval?.[1] ?? value) };
}

/** An interval in words. */
export function ends(interval: readonly [number, number] | null): string {
  return interval === null ? "too few cells" : `${coefficient(interval[0])} to ${coefficient(interval[1])}`;
}

/** The best predictor for a tile. Nothing is named while the study runs or while intervals overlap. */
export function leaderWords(
  leader: Leader,
  active: boolean,
  method: string,
  of: (row: StudyRow) => StudyCorrelation,
): { readonly value: string; readonly note: string } {
  const undecided = (note: string): { readonly value: string; readonly note: string } => ({ value: "Not decided", note });
  if (active) return undecided("the study is running");
  switch (leader.type) {
    case "open":
      return undecided("not all cells are trained");
    case "none":
      return undecided("no predictor has a coefficient");
    case "few":
      return undecided("too few cells");
    case "best":
      return { value: leader.row.name, note: `${method} ${coefficient(of(leader.row).value)}, ${ends(of(leader.row).interval)}` };
    case "overlap":
      return { value: "None stands out", note: `${leader.others.length + 1} intervals overlap` };
  }
}

/** How many cells have a ground truth, for a tile. */
export function cellsNote({ data, n, trained }: StudyResult): string {
  if (trained < data.cells.length) return "others not trained yet";
  return n < trained ? `${trained - n} diverged` : "all trained";
}

/** The cells of a study as points of trained accuracy against one predictor (mean over seeds). `half`: only the better half by accuracy. */
export function studyPlot(
  data: StudyData,
  predictor: PredictorData,
  half: boolean,
): { readonly points: readonly ScatterPoint[]; readonly shape: ScatterShape } {
  const used = half ? new Set(topHalf(data.truth, data.truth)) : null;
  const values = data.cells.map((_, i) => meanOf(predictor.runs.flatMap(({ values: all }) => all[i] ?? [])));
  const kept = values.map((value, i) => (used === null || used.has(i) ? value : null));
  const { x, y } = finitePairs(kept, data.truth);
  const fit = regress(x, y);
  const ends = [Math.min(...x), Math.max(...x)] as const;
  const at = (value: number): readonly [number, number] => [value, (fit?.slope ?? 0) * value + (fit?.intercept ?? 0)];
  const share = predictor.kind === "sgd" || (predictor.kind === "generator" && !predictor.name.endsWith("by loss"));
  return {
    points: data.cells.flatMap((label, i): ScatterPoint[] => {
      const [across, up] = [kept[i] ?? null, data.truth[i] ?? null];
      return across === null || up === null ? [] : [{ id: label, label, x: across, y: up, group: "none" }];
    }),
    shape: {
      xName: predictor.name,
      yName: "Trained accuracy",
      formatX: share ? (value) => percent(value, 1) : (value) => significant(value, 3),
      formatY: (value) => percent(value, 1),
      line: fit === null || x.length === 0 ? null : [at(ends[0]), at(ends[1])],
    },
  };
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The variants of a study by coefficient: over the numeric setting in which they differ, or side by side. Null with fewer than two coefficients. */
export function ablationView({ data, rows, noiseCeiling }: StudyResult, method: CorrelationMethod, half: boolean): AblationShape | null {
  const variants = data.variants ?? [];
  const known = new Map(rows.map((row) => [row.name, (half ? row.topHalf : row.all)[method]]));
  if (variants.filter(({ name }) => (known.get(name)?.value ?? null) !== null).length < 2) return null;
  const axis = ablationAxis(variants);
  const numbers = [...new Set((axis?.lines ?? []).flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const lines = axis?.lines ?? [{ name: "", points: variants.map(({ name }, i) => ({ x: i, variant: name })) }];
  return {
    title: axis?.title ?? "",
    categories: axis === null ? variants.map(({ name }) => name) : numbers.map(String),
    joined: axis !== null,
    ceiling: noiseCeiling !== null && noiseCeiling > 0 ? Math.sqrt(noiseCeiling) : null,
    lines: lines.map(({ name, points }) => ({
      name,
      points: points.flatMap(({ x, variant }) => {
        const { value = null, interval = null } = known.get(variant) ?? {};
        const predictor = data.predictors.find((one) => one.name === variant);
        if (value === null || predictor === undefined) return [];
        const seeds = seedCoefficients(predictor, data.truth, method, half).filter((one): one is number => one !== null);
        return [{ place: axis === null ? x : numbers.indexOf(x), variant, value, interval, seeds }];
      }),
    })),
  };
}

export interface StudyCellRow {
  readonly index: number;
  readonly label: string;
  readonly truth: number | null;
  /** Accuracy of the second training, if any. */
  readonly second: number | null;
  /** Mean over seeds per predictor, in order. */
  readonly values: readonly (number | null)[];
}

/** The cells of a study by trained accuracy, best first, untrained ones last. */
export function cellRows(data: StudyData): StudyCellRow[] {
  return data.cells
    .map((label, index) => ({
      index,
      label,
      truth: data.truth[index] ?? null,
      second: data.repetitions[index]?.[1] ?? null,
      values: data.predictors.map(({ runs }) => meanOf(runs.flatMap(({ values }) => values[index] ?? []))),
    }))
    .sort((a, b) => (b.truth ?? -1) - (a.truth ?? -1) || a.index - b.index);
}

/** The stages of a study in display order: each generator followed by its scores, by variant and seed, then the other predictors, then the ground truth. */
export function inReadingOrder<Stage extends Pick<RunSummary, "stage">>(stages: readonly Stage[]): Stage[] {
  const rank = ({ stage }: Stage): readonly number[] => {
    const [, what = "", first = "0", second = "0"] = /^([a-z]+)(?:-(\d+))?(?:-(\d+))?$/.exec(stage ?? "") ?? [];
    if (what === "generator" || what === "score") return [0, Number(first), Number(second), what === "score" ? 1 : 0];
    return [what === "prediction" ? 1 : what === "truth" ? 2 : 3, Number(first)];
  };
  return stages
    .map((stage) => ({ stage, rank: rank(stage) }))
    .sort((a, b) => a.rank.reduce((order, value, i) => order || value - (b.rank[i] ?? 0), 0))
    .map(({ stage }) => stage);
}
