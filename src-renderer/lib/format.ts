import { METRICS } from "../../src-shared/domain/metrics.ts";

/** Between a number and its unit: a thin space that does not break. */
const SPACE = "\u202f";
export const NO_VALUE = "–";

const plainNumber = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** 1,234,567 with separators. */
export function whole(value: number | null | undefined): string {
  return isMissing(value) ? NO_VALUE : plainNumber.format(value);
}

/** 4.68 M, 569 M, 1.2 k: three significant figures. */
export function count(value: number | null | undefined): string {
  if (isMissing(value)) return NO_VALUE;
  const size = Math.abs(value);
  for (const [limit, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]] as const) {
    if (size >= limit * 0.9995) return `${significant(value / limit, 3)}${SPACE}${unit}`;
  }
  return significant(value, 3);
}

/** A fraction in [0, 1] as 94.32 %. */
export function percent(value: number | null | undefined, digits = 2): string {
  return isMissing(value) ? NO_VALUE : `${(value * 100).toFixed(digits)}${SPACE}%`;
}

export function bytes(value: number | null | undefined): string {
  if (isMissing(value)) return NO_VALUE;
  if (value < 1000) return `${Math.round(value)}${SPACE}B`;
  for (const [limit, unit] of [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]] as const) {
    if (value >= limit * 0.9995) return `${significant(value / limit, 3)}${SPACE}${unit}`;
  }
  return NO_VALUE;
}

/** 4 s, 3 min 20 s, 2 h 05 min, 3 d 4 h. */
export function duration(seconds: number | null | undefined): string {
  if (isMissing(seconds)) return NO_VALUE;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)}${SPACE}ms`;
  if (seconds < 10) return `${seconds.toFixed(1)}${SPACE}s`;
  const total = Math.round(seconds);
  if (total < 60) return `${total}${SPACE}s`;
  const minutes = Math.floor(total / 60);
  if (minutes < 60) return `${minutes}${SPACE}min ${String(total % 60).padStart(2, "0")}${SPACE}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}${SPACE}h ${String(minutes % 60).padStart(2, "0")}${SPACE}min`;
  return `${Math.floor(hours / 24)}${SPACE}d ${hours % 24}${SPACE}h`;
}

/** Up to `digits` significant figures, in powers of ten when very small or large. */
export function significant(value: number | null | undefined, digits = 4): string {
  if (isMissing(value)) return NO_VALUE;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return value.toExponential(Math.max(0, digits - 1)).replace("e-", "e−").replace("e+", "e");
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const text = value.toFixed(Math.min(decimals, 12));
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

/** Correlation coefficients and the like: two or three decimals and a true minus. */
export function coefficient(value: number | null | undefined, digits = 2): string {
  if (isMissing(value)) return NO_VALUE;
  return value.toFixed(digits).replace("-", "−");
}

export interface MetricInfo {
  readonly title: string;
  readonly unit: string;
  readonly better: "lower" | "higher" | "none";
}

const METRIC_INFO: Readonly<Record<string, MetricInfo>> = METRICS;

export function metricInfo(name: string): MetricInfo {
  return METRIC_INFO[name] ?? { title: name, unit: "", better: "none" };
}

/** Accuracies are stored in [0, 1] and shown in per cent; loads are stored in per cent already. */
export function isFraction(name: string): boolean {
  return metricInfo(name).unit === "%" && !name.startsWith("system/");
}

export function metricValue(name: string, value: number | null | undefined): string {
  if (isMissing(value)) return NO_VALUE;
  if (isFraction(name)) return percent(value);
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

/** A config value in one line. */
export function configValue(value: unknown): string {
  if (value === undefined || value === null || value === "") return NO_VALUE;
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) >= 10_000 ? whole(value) : String(value).replace(/^-/, "−");
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(configValue).join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

function isMissing(value: number | null | undefined): value is null | undefined {
  return value === null || value === undefined || !Number.isFinite(value);
}
