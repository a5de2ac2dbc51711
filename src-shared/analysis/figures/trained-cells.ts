import type { Training } from "../../domain/records/run.ts";
import { type Correlation, type CorrelationOptions, correlate } from "../statistics/correlation.ts";

/** What grouping trainings needs. Accuracies are in [0, 1]. */
export type TrainedCell = Pick<Training, "name" | "canonical" | "role" | "score" | "validationAccuracy" | "testAccuracy">;

/** The trainings of one cell. */
export interface CellMeans<Trained> {
  readonly first: Trained;
  /** Mean validation accuracy. */
  readonly mean: number;
  /** Mean test accuracy; null where test images were not measured. */
  readonly test: number | null;
}

/** Trainings grouped by cell, the best mean validation accuracy first; ties keep the order of training. */
export function meansByCell<Trained extends TrainedCell>(trainings: readonly Trained[]): CellMeans<Trained>[] {
  // The same cell may be in the shortlist and in the baseline: two entries, trained separately.
  const groups = Map.groupBy(trainings, ({ role, name, canonical }) => `${role} ${name} ${canonical}`);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [...groups.values()]
    .flatMap((group): CellMeans<Trained>[] => {
      const [first] = group;
      if (first === undefined) return [];
      const tests = group.flatMap(({ testAccuracy }) => testAccuracy ?? []);
      return [{ first, mean: mean(group.map(({ validationAccuracy }) => validationAccuracy)), test: tests.length === 0 ? null : mean(tests) }];
    })
    .sort((a, b) => b.mean - a.mean);
}

/** Random cells are for comparison: they compete only where there are no others. */
export function competingTrainings<Trained extends Pick<TrainedCell, "role">>(trainings: readonly Trained[]): readonly Trained[] {
  return trainings.some(({ role }) => role !== "random") ? trainings.filter(({ role }) => role !== "random") : trainings;
}

/** The trainings of the best competing cell by mean validation accuracy. */
export function trainingsOfBest<Trained extends TrainedCell>(trainings: readonly Trained[]): Trained[] {
  const competing = competingTrainings(trainings);
  const first = meansByCell(competing)[0]?.first;
  return competing.filter(({ name, canonical, role }) => name === first?.name && canonical === first.canonical && role === first.role);
}

/** One pair of score and accuracy per distinct cell: isomorphic cells count once, and their trainings are averaged. */
export function scoredCells(trainings: readonly TrainedCell[]): { readonly score: number | null; readonly accuracy: number }[] {
  return [...Map.groupBy(trainings, ({ canonical }) => canonical).values()].map((group) => ({
    score: group.find(({ score }) => score !== null)?.score ?? null,
    accuracy: group.reduce((sum, { validationAccuracy }) => sum + validationAccuracy, 0) / group.length,
  }));
}

/** Correlation of scores and validation accuracies over distinct cells of trainings with the same protocol. */
export function agreement(method: Correlation["method"], trainings: readonly TrainedCell[], options?: CorrelationOptions): Correlation {
  const pairs = scoredCells(trainings);
  return correlate(
    method,
    pairs.map(({ score }) => score),
    pairs.map(({ accuracy }) => accuracy),
    options,
  );
}
