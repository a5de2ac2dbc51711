import type { SummaryFacts } from "./space-types.ts";

/** Adds `<name>Mean` and, for two or more values, `<name>Deviation` (sample standard deviation). Adds nothing if there are no values. */
export function addMoments(facts: SummaryFacts, name: string, values: readonly number[]): void {
  if (values.length === 0) return;
  const mean = meanOf(values);
  facts[`${name}Mean`] = mean;
  if (values.length > 1) facts[`${name}Deviation`] = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** Mean of the values; 0 if there are none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
