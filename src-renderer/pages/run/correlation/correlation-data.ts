import type { CorrelationMethod } from "../../../../src-shared/analysis/statistics/coefficients.ts";
import {
  type Correlation,
  correlateAll,
  type IntervalMethod,
  type Regression,
  regress,
  topHalf,
} from "../../../../src-shared/analysis/statistics/correlation.ts";
import type { Training } from "../../../../src-shared/domain/records/run.ts";
import { count, percent } from "../../../lib/format.ts";
import type { ScatterPoint, ScatterShape } from "../../../widgets/charts/options/scatter-option.ts";

export type Predictor = "score" | "parameters" | "multiplyAdds";
export type Truth = "validationAccuracy" | "testAccuracy";
const PREDICTORS: readonly Predictor[] = ["score", "parameters", "multiplyAdds"];
export const PREDICTOR_TITLES: Readonly<Record<Predictor, string>> = {
  score: "Score with generated weights",
  parameters: "Parameters",
  multiplyAdds: "Multiply-adds",
};
const TRUTH_TITLES: Readonly<Record<Truth, string>> = { validationAccuracy: "Validation accuracy", testAccuracy: "Test accuracy" };

/** A cell with means over its trainings. */
export interface TrainedCell {
  readonly key: string;
  readonly name: string;
  /** Its first training, which the row opens. */
  readonly training: Training;
  readonly role: Training["role"];
  readonly repetitions: number;
  readonly score: number | null;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly validationAccuracy: number;
  readonly testAccuracy: number | null;
  /** Stages train for different numbers of epochs, so cells are only compared within one protocol. */
  readonly epochs: number;
}

/** Trainings of one run and length, grouped by cell: isomorphic cells count once, repetitions are averaged. */
export function trainedCells(trainings: readonly Training[]): TrainedCell[] {
  const groups = new Map<string, Training[]>();
  for (const training of trainings) {
    const key = `${training.runId}|${training.epochs}|${training.canonical}`;
    groups.set(key, [...(groups.get(key) ?? []), training]);
  }
  return [...groups].flatMap(([key, group]): TrainedCell[] => {
    const first = group[0];
    if (first === undefined) return [];
    const tests = group.flatMap((training) => training.testAccuracy ?? []);
    return [
      {
        key,
        name: first.name,
        training: first,
        role: first.role,
        repetitions: group.length,
        score: group.find((training) => training.score !== null)?.score ?? null,
        parameters: first.parameters,
        multiplyAdds: first.multiplyAdds,
        validationAccuracy: mean(group.map((training) => training.validationAccuracy)),
        testAccuracy: tests.length === 0 ? null : mean(tests),
        epochs: first.epochs,
      },
    ];
  });
}

/** The protocols (run and length) among the cells, the one with the most cells first. */
export function protocolsOf(cells: readonly TrainedCell[]): { readonly id: string; readonly runId: string; readonly epochs: number; readonly cells: number }[] {
  const counts = new Map<string, { runId: string; epochs: number; cells: number }>();
  for (const cell of cells) {
    const id = `${cell.training.runId}|${cell.epochs}`;
    counts.set(id, { runId: cell.training.runId, epochs: cell.epochs, cells: (counts.get(id)?.cells ?? 0) + 1 });
  }
  return [...counts].map(([id, entry]) => ({ id, ...entry })).sort((a, b) => b.cells - a.cells);
}

export interface Agreement {
  readonly predictor: Predictor;
  readonly coefficients: Readonly<Record<CorrelationMethod, Correlation>>;
  readonly regression: Regression | null;
}

/** Correlation of each predictor with trained accuracy. `half`: only the better half by accuracy. */
export function agreements(
  cells: readonly TrainedCell[],
  truth: Truth,
  options: { readonly half: boolean; readonly interval: IntervalMethod },
): { readonly cells: readonly TrainedCell[]; readonly rows: readonly Agreement[] } {
  const y = cells.map((cell) => cell[truth]);
  const used = options.half ? [...topHalf(y, y)].sort((a, b) => a - b).flatMap((i) => cells[i] ?? []) : cells;
  const accuracy = used.map((cell) => cell[truth]);
  const rows = PREDICTORS.map((predictor): Agreement => {
    const x = used.map((cell) => cell[predictor]);
    return { predictor, coefficients: correlateAll(x, accuracy, { interval: options.interval }), regression: regress(x, accuracy) };
  });
  return { cells: used, rows };
}

/** Cells as points of accuracy against a predictor, with regression line and outliers. */
export function agreementPlot(cells: readonly TrainedCell[], agreement: Agreement, truth: Truth): { points: ScatterPoint[]; shape: ScatterShape } {
  const { predictor, regression } = agreement;
  const outliers = new Set(regression?.outliers ?? []);
  const points = cells.flatMap((cell, i): ScatterPoint[] => {
    const [x, y] = [cell[predictor], cell[truth]];
    if (x === null || y === null) return [];
    return [{ id: cell.key, label: cell.name, x, y, group: outliers.has(i) ? "outlier" : cell.role }];
  });
  const xs = points.map((point) => point.x);
  const ends: readonly [number, number] = [Math.min(...xs), Math.max(...xs)];
  const at = (x: number): readonly [number, number] => [x, (regression?.slope ?? 0) * x + (regression?.intercept ?? 0)];
  return {
    points,
    shape: {
      xName: PREDICTOR_TITLES[predictor],
      yName: TRUTH_TITLES[truth],
      formatX: predictor === "score" ? (value) => percent(value, 1) : count,
      formatY: (value) => percent(value, 1),
      line: regression === null || points.length === 0 ? null : [at(ends[0]), at(ends[1])],
    },
  };
}

export interface RoleMean {
  readonly role: Training["role"];
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation; null for a single cell. */
  readonly deviation: number | null;
  readonly best: number;
}

/** Mean, standard deviation and best accuracy of the shortlist and of the random cells. */
export function roleMeans(cells: readonly TrainedCell[], truth: Truth): RoleMean[] {
  return (["shortlist", "random", "none"] as const).flatMap((role): RoleMean[] => {
    const values = cells.flatMap((cell) => (cell.role === role ? (cell[truth] ?? []) : []));
    if (values.length === 0) return [];
    const average = mean(values);
    const deviation = values.length < 2 ? null : Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / (values.length - 1));
    return [{ role, n: values.length, mean: average, deviation, best: Math.max(...values) }];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
