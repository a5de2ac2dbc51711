import type { Artifact, RunDetail, RunSummary } from "../../../src-shared/domain/records/run.ts";
import { leads } from "./stages.ts";

/** Applies an event to a run: the run itself or one of its stages changed. */
export function withChange(run: RunDetail, summary: RunSummary): RunDetail {
  if (summary.id === run.id) return { ...run, ...summary, config: run.config, children: run.children, artifacts: run.artifacts, summary: run.summary };
  if (summary.parentId !== run.id) return run;
  const known = run.children.some((child) => child.id === summary.id);
  return { ...run, children: known ? run.children.map((child) => (child.id === summary.id ? summary : child)) : [...run.children, summary] };
}

export function withArtifact(run: RunDetail, artifact: Artifact): RunDetail {
  const own = artifact.runId === run.id || run.children.some((child) => child.id === artifact.runId);
  if (!own || run.artifacts.some((entry) => entry.id === artifact.id)) return run;
  return { ...run, artifacts: [...run.artifacts, artifact] };
}

/** The running stage, else the last one that has started, else the first. */
export function liveStage(run: RunDetail): RunSummary | null {
  const { children } = run;
  return (
    children.find((child) => child.status === "running" || child.status === "stopping") ??
    children.filter((child) => child.startedAt !== null).at(-1) ??
    children[0] ??
    null
  );
}

/** The run that holds the candidates: the run itself, or its search stage. */
export function searchRunOf(run: RunDetail): string | null {
  if (run.kind === "search") return run.id;
  if (run.kind !== "pipeline") return null;
  return run.children.find((child) => child.kind === "search")?.id ?? null;
}

/** Runs whose curves are shown on this page. */
export function curveRunsOf(run: RunDetail): string[] {
  return leads(run.kind) ? run.children.map((child) => child.id) : [run.id];
}
