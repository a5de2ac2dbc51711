import { ACTIVE_STATUSES, type RunSummary } from "../../src-shared/domain/run.ts";
import type { PipelineRun } from "../../src-shared/domain/run-config.ts";
import type { Project } from "../store/index.ts";
import type { Outcome } from "./outcomes.ts";
import { pipelineProgress, STAGE_TITLES, STAGES, type Stage, type StageRuns, stageConfig } from "./pipeline-stages.ts";
import { pipelineSummary } from "./pipeline-summary.ts";

/** What the lead of a pipeline wants next. */
export type NextStage =
  /** The stage's run stands in front of the queue. */
  | { readonly type: "queued"; readonly runId: string }
  /** The stage's run is at work already. */
  | { readonly type: "working" }
  | { readonly type: "over"; readonly outcome: Outcome };

/**
 * Leads a pipeline to its next stage: the first that is not completed is created or continued. Where it stands is read
 * from the store each time, so that a pipeline goes on after any end of the studio.
 */
export function nextStage(project: Project, pipelineId: string, codeVersion: string): NextStage {
  const { store } = project;
  const pipeline = pipelineOf(project, pipelineId);
  const stages = stageRuns(store.runs.children(pipelineId));
  const done: Partial<Record<Stage, string>> = {};
  for (const stage of STAGES) {
    const run = stages.get(stage);
    if (run === undefined) {
      const name = `${store.runs.get(pipelineId)?.name ?? "Pipeline"} – ${STAGE_TITLES[stage]}`;
      return {
        type: "queued",
        runId: store.runs.create({ name, config: stageConfig(pipeline, stage, done), codeVersion, parentId: pipelineId, stage, first: true }),
      };
    }
    if (run.status === "completed") {
      done[stage] = run.id;
      continue;
    }
    if (ACTIVE_STATUSES.includes(run.status)) return { type: "working" };
    store.runs.enqueue(run.id, true);
    return { type: "queued", runId: run.id };
  }
  return { type: "over", outcome: { status: "completed", failure: null, summary: pipelineSummary(store, done satisfies StageRuns) } };
}

/** How a pipeline ends when one of its stages did not complete. */
export function outcomeOfBrokenStage(stage: RunSummary): Outcome {
  const title = STAGE_TITLES[(stage.stage ?? "ghn") as Stage] ?? stage.name;
  if (stage.status === "stopped") return { status: "stopped", failure: null };
  const failure =
    stage.failure === null ? { message: `The stage ${title} did not complete.` } : { ...stage.failure, message: `${title}: ${stage.failure.message}` };
  return { status: stage.status === "failed" ? "failed" : "interrupted", failure };
}

/** Brings progress, process time and device of a pipeline up to date with its stages. */
export function refreshPipeline(project: Project, pipelineId: string): void {
  const { store } = project;
  const stages = [...stageRuns(store.runs.children(pipelineId)).values()];
  const device = stages.findLast((run) => run.backend !== null);
  store.runs.update(pipelineId, {
    ...(device?.backend == null ? {} : { backend: device.backend }),
    ...(device?.device == null ? {} : { device: device.device }),
    progress: pipelineProgress(pipelineOf(project, pipelineId), stages),
    activeSeconds: stages.reduce((sum, run) => sum + run.activeSeconds, 0),
  });
}

/** The run of each stage; the last, should there be several. */
export function stageRuns(children: readonly RunSummary[]): Map<Stage, RunSummary> {
  const runs = new Map<Stage, RunSummary>();
  for (const child of children) if (child.stage !== null && (STAGES as readonly string[]).includes(child.stage)) runs.set(child.stage as Stage, child);
  return runs;
}

function pipelineOf(project: Project, id: string): PipelineRun {
  const config = project.store.runs.facts(id)?.config;
  if (config?.kind !== "pipeline") throw new Error(`Run ${id} is no pipeline.`);
  return config;
}
