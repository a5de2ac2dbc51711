import { type ConfigDifference, compareConfigs } from "../../../../src-shared/domain/config/config-diff.ts";
import type { MetricSummary, RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { metricInfo } from "../../../lib/format.ts";
import type { SeriesData } from "../../../widgets/charts/options/series.ts";

export const MOST_RUNS = 8;

/** Run ids in a URL: valid characters only, no duplicates, at most eight. */
export function runsInQuery(value: unknown): string[] {
  if (typeof value !== "string") return [];
  return [...new Set(value.split(",").filter((id) => /^[A-Za-z0-9_-]{1,64}$/.test(id)))].slice(0, MOST_RUNS);
}

/** Metrics of a run, including those of its stages. If several stages have a metric, the last one counts: for a pipeline the training of the winner. */
export function metricsOf(run: RunDetail): Readonly<Record<string, MetricSummary>> {
  return Object.assign({}, ...run.children.map((child) => child.metrics), run.metrics) as Record<string, MetricSummary>;
}

export interface ComparedSetting extends ConfigDifference {
  /** For each run, whether its value differs from the baseline. */
  readonly changed: readonly boolean[];
}

/** Settings of the runs side by side; changes are relative to the baseline. */
export function configRows(runs: readonly RunDetail[], baseline: number): ComparedSetting[] {
  return compareConfigs(runs.map((run) => run.config)).map((row) => ({
    ...row,
    changed: row.values.map((value) => JSON.stringify(value) !== JSON.stringify(row.values[baseline])),
  }));
}

/** The last value at or before an epoch; null if the series starts later. */
export function valueAtEpoch(series: SeriesData, epoch: number): number | null {
  let found: number | null = null;
  for (let i = 0; i < series.epoch.length && (series.epoch[i] ?? 0) <= epoch + 1e-9; i++) found = series.value[i] ?? found;
  return found;
}

/** Metrics that training optimises. Others, such as the gradient norm or the speed, have no direction that makes a run better. */
export function isObjective(name: string): boolean {
  return /(loss|accuracy|top5|area|score|best)$/.test(name) && metricInfo(name).better !== "none";
}

/** Whether a value is better than that of the baseline: −1 worse, 0 equal or unknown, 1 better. */
export function verdict(value: number | null, baseline: number | null, better: "lower" | "higher" | "none"): -1 | 0 | 1 {
  if (value === null || baseline === null || better === "none" || value === baseline) return 0;
  return value > baseline === (better === "higher") ? 1 : -1;
}
