import type { Moments } from "../../domain/records/figures.ts";

/** Mean and sample standard deviation; null without values. */
export function momentsOf(values: readonly number[]): Moments | null {
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)), n: values.length };
}
