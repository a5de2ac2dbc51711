import type { RunDetail } from "../../../src-shared/domain/records/run.ts";

export type RunTab = "overview" | "curves" | "candidates" | "correlation" | "anytime" | "trainings" | "config" | "log" | "artifacts";

export interface TabEntry {
  readonly value: RunTab;
  readonly label: string;
  readonly count?: number | null;
}

/** Kinds that produce early-exit networks. */
const ANYTIME_RESULTS: ReadonlySet<RunDetail["kind"]> = new Set(["anytime", "anytime-search", "anytime-training"]);

/** The tabs of a run of this kind. */
export function tabsOf(run: RunDetail, counts: { readonly candidates: number; readonly trainings: number }): TabEntry[] {
  if (run.kind === "study")
    return [
      { value: "overview", label: "Study" },
      { value: "trainings", label: "Trainings", count: counts.trainings || null },
      { value: "config", label: "Config" },
      { value: "log", label: "Log" },
      { value: "artifacts", label: "Artifacts", count: run.artifacts.length || null },
    ];
  if (ANYTIME_RESULTS.has(run.kind))
    return [
      { value: "overview", label: "Overview" },
      { value: "curves", label: "Curves" },
      { value: "anytime", label: "Budgets" },
      { value: "config", label: "Config" },
      { value: "log", label: "Log" },
      { value: "artifacts", label: "Artifacts", count: run.artifacts.length || null },
    ];
  const scores = run.kind === "search" || run.kind === "pipeline";
  const trains = run.kind === "cell-training" || run.kind === "pipeline";
  return [
    { value: "overview", label: "Overview" },
    ...(run.kind === "prediction" ? [] : [{ value: "curves", label: "Curves" } as const]),
    ...(scores ? [{ value: "candidates", label: "Candidates", count: counts.candidates || null } as const] : []),
    ...(trains ? [{ value: "trainings", label: "Trainings", count: counts.trainings || null } as const] : []),
    ...(trains || counts.trainings > 0 ? [{ value: "correlation", label: "Correlation" } as const] : []),
    { value: "config", label: "Config" },
    { value: "log", label: "Log" },
    { value: "artifacts", label: "Artifacts", count: run.artifacts.length || null },
  ];
}
