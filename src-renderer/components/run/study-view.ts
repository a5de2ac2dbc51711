import { finitePairs, regress, topHalf } from "../../../src-shared/analysis/correlation.ts";
import type { PredictorData, StudyCorrelation, StudyData } from "../../../src-shared/analysis/study.ts";
import type { ScatterPoint, ScatterShape } from "../../charts/scatter-option.ts";
import { percent, significant } from "../../lib/format.ts";

/** Where a coefficient and its interval lie on a scale from -1 to 1, in percent of its width. */
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

/** The cells of a study as points of trained accuracy against one predictor (its mean over seeds). `half`: only the better half by accuracy. */
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
