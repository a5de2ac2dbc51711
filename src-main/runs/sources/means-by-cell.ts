import type { Training } from "../../../src-shared/domain/records/run.ts";

/** Trainings grouped by cell, the best mean validation accuracy first; ties keep the order of training. */
export function meansByCell(trainings: readonly Training[]): { readonly first: Training; readonly mean: number }[] {
  const groups = new Map<string, { first: Training; sum: number; count: number }>();
  for (const training of trainings) {
    // The same cell may be in the shortlist and in the baseline: two entries, trained separately.
    const key = `${training.role} ${training.name} ${training.canonical}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: training, sum: training.validationAccuracy, count: 1 });
    else {
      group.sum += training.validationAccuracy;
      group.count += 1;
    }
  }
  return [...groups.values()].map(({ first, sum, count }) => ({ first, mean: sum / count })).sort((a, b) => b.mean - a.mean);
}
