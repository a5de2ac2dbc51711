import { bytes, isMissing, NO_VALUE, percent, significant, whole } from "../../src-shared/analysis/format.ts";
import { METRICS } from "../../src-shared/domain/metrics.ts";

export * from "../../src-shared/analysis/format.ts";

/** Narrow no-break space between a number and its unit. */
const SPACE = "\u202f";

export interface MetricInfo {
  readonly title: string;
  readonly unit: string;
  readonly better: "lower" | "higher" | "none";
}

const METRIC_INFO: Readonly<Record<string, MetricInfo>> = METRICS;

export function metricInfo(name: string): MetricInfo {
  return METRIC_INFO[name] ?? { title: name, unit: "", better: "none" };
}

/** Accuracies are stored in [0, 1] and shown in percent; loads are already stored in percent. */
export function isFraction(name: string): boolean {
  return metricInfo(name).unit === "%" && !name.startsWith("system/");
}

export function metricValue(name: string, value: number | null | undefined): string {
  if (isMissing(value)) return NO_VALUE;
  if (isFraction(name)) return percent(value);
  if (name === "ghn/skipped" || name === "train/skipped" || name === "train/diverged") return whole(value);
  const { unit } = metricInfo(name);
  if (unit === "MB") return bytes(value * 1e6);
  if (unit === "%") return `${value.toFixed(0)}${SPACE}%`;
  if (unit === "1/s") return `${significant(value, 3)}${SPACE}/s`;
  return significant(value, 4);
}

const dateTime = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const timeOnly = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayAndTime = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" });

export function fullTime(iso: string | null): string {
  return iso === null ? NO_VALUE : dateTime.format(new Date(iso));
}

/** Today 14:05, else 03 Feb 14:05, else with the year. */
export function shortTime(iso: string | null, now: Date = new Date()): string {
  if (iso === null) return NO_VALUE;
  const date = new Date(iso);
  if (date.toDateString() === now.toDateString()) return `Today ${timeOnly.format(date)}`;
  return date.getFullYear() === now.getFullYear() ? dayAndTime.format(date) : dateTime.format(date);
}
