/** Texts about runs for tables. */
import { type FigureId, figureText, mainFigure } from "../../../src-shared/analysis/figures/figure-list.ts";
import { duration, percent, significant } from "../../../src-shared/analysis/format.ts";
import type { RunKind } from "../../../src-shared/domain/config/run-config.ts";
import { METRICS } from "../../../src-shared/domain/metrics.ts";
import type { RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { Io } from "./io.ts";

const KINDS: Readonly<Partial<Record<string, string>>> = {
  "ghn-training": "train GHN",
  search: "search",
  "cell-training": "train cells",
  pipeline: "pipeline",
  prediction: "predictors",
  study: "study",
  anytime: "anytime",
  "anytime-ghn": "train GHN (anytime)",
  "anytime-search": "search (anytime)",
  "anytime-training": "train networks (anytime)",
};

export function kindWord(kind: RunKind): string {
  return KINDS[kind] ?? kind;
}

const STATUS_STYLES: Readonly<Record<RunStatus, Parameters<Io["style"]>[0]>> = {
  queued: "dim",
  running: "blue",
  stopping: "yellow",
  stopped: "yellow",
  interrupted: "yellow",
  failed: "red",
  completed: "green",
};

export function statusWord(io: Io, status: RunStatus): string {
  return io.style(STATUS_STYLES[status], status);
}

const MEASURE: Readonly<Partial<Record<FigureId, string>>> = {
  testAccuracy: "test",
  testArea: "test area",
  validationAccuracy: "validation",
  area: "area",
  bestScore: "best score",
  ghnScore: "GHN score",
};

/** The main result of a run, otherwise its progress. */
export function headline(run: RunSummary): string {
  const figure = mainFigure(run.figures);
  if (figure !== null) return `${figureText(run.figures, figure) ?? ""} ${MEASURE[figure] ?? ""}`.trimEnd();
  // Curves of diverged trainings are not results.
  if (run.metrics["train/diverged"] !== undefined && run.status !== "running") return "diverged";
  return run.progress === null || run.progress.totalSteps === 0 ? "" : `${Math.floor((100 * run.progress.step) / run.progress.totalSteps)} %`;
}

const INFO: Readonly<Record<string, { readonly title: string; readonly unit: string }>> = METRICS;

export function metricTitle(name: string): string {
  return INFO[name]?.title ?? name;
}

export function metricText(name: string, value: number): string {
  if (INFO[name]?.unit === "%" && !name.startsWith("system/")) return percent(value);
  const unit = INFO[name]?.unit ?? "";
  return unit === "" ? significant(value) : `${significant(value, 3)} ${unit}`;
}

/** Local time, for example 2026-11-24 13:05. */
export function localTime(iso: string | null): string {
  if (iso === null) return "";
  const date = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function timeText(run: RunSummary): string {
  return run.activeSeconds > 0 ? duration(run.activeSeconds) : "";
}
