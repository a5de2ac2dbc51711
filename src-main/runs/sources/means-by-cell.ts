import type { Training } from "../../../src-shared/domain/records/run.ts";

/** The trainings of one cell. */
export interface CellMeans {
  readonly first: Training;
  /** Mean validation accuracy. */
  readonly mean: number;
  /** Mean test accuracy; null where test images were not measured. */
  readonly test: number | null;
}

/** Trainings grouped by cell, the best mean validation accuracy first; ties keep the order of training. */
export function meansByCell(trainings: readonly Training[]): CellMeans[] {
  const groups = new Map<string, Training[]>();
  for (const training of trainings) {
    // The same cell may be in the shortlist and in the baseline: two entries, trained separately.
    const key = `${training.role} ${training.name} ${training.canonical}`;
    groups.set(key, [...(groups.get(key) ?? []), training]);
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return [...groups.values()]
    .flatMap((group): CellMeans[] => {
      const [first] = group;
      if (first === undefined) return [];
      const tests = group.flatMap(({ testAccuracy }) => (testAccuracy === null ? [] : [testAccuracy]));
      return [{ first, mean: mean(group.map(({ validationAccuracy }) => validationAccuracy)), test: tests.length === 0 ? null : mean(tests) }];
    })
    .sort((a, b) => b.mean - a.mean);
}
