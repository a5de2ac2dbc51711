import { ACTIVE_STATUSES, type RunSummary } from "../../src-shared/domain/run.ts";
import type { Project } from "../store/index.ts";
import type { LiveUpdates } from "./live.ts";
import { notStarted, type Outcome, STOPPED } from "./outcomes.ts";
import { nextStage, outcomeOfBrokenStage, refreshPipeline } from "./pipeline.ts";

export interface PipelineLeadOptions {
  readonly project: Project;
  readonly live: LiveUpdates;
  readonly version: string;
  /** Notes how a pipeline ended. */
  readonly finish: (pipelineId: string, outcome: Outcome) => void;
  /** True when nothing may begin any more. */
  readonly closing: () => boolean;
}

/** Least time between two looks at the stages of a pipeline at work, in milliseconds. */
const FOLLOW_MS = 500;

/** Leads pipelines from stage to stage. A pipeline has no process of its own: its stages have, one after the other. */
export class PipelineLead {
  private readonly options: PipelineLeadOptions;
  /** When the progress of each pipeline was last brought up to date. */
  private readonly followed = new Map<string, number>();

  constructor(options: PipelineLeadOptions) {
    this.options = options;
  }

  /** Begins a pipeline or goes on with it: its next stage stands in front of the queue afterwards. */
  begin(run: RunSummary): void {
    this.options.project.store.runs.begin(run.id);
    this.advance(run.id);
  }

  /** The stage at work or waiting; null between two stages. */
  activeStage(pipelineId: string): RunSummary | null {
    return this.options.project.store.runs.children(pipelineId).find((stage) => ACTIVE_STATUSES.includes(stage.status)) ?? null;
  }

  /** A stage is over and its process gone: the pipeline goes on, or ends with it. */
  stageEnded(pipelineId: string, stage: RunSummary): void {
    const { project, finish, closing, version } = this.options;
    const pipeline = project.store.runs.get(pipelineId);
    if (pipeline === null || (pipeline.status !== "running" && pipeline.status !== "stopping")) return;
    refreshPipeline(project, pipelineId);
    if (stage.status !== "completed") {
      finish(pipelineId, outcomeOfBrokenStage(stage));
      return;
    }
    if (pipeline.status === "running" && !closing()) {
      this.advance(pipelineId);
      return;
    }
    // Asked to stop in the moment the stage was done: it stops between two stages, unless that was the last.
    const next = stage.stage === "final" ? nextStage(project, pipelineId, version) : null;
    finish(pipelineId, next?.type === "over" ? next.outcome : STOPPED);
  }

  /** The progress of a pipeline is that of its stages. */
  follow(pipelineId: string): void {
    const { project, live } = this.options;
    const now = performance.now();
    if (now - (this.followed.get(pipelineId) ?? Number.NEGATIVE_INFINITY) < FOLLOW_MS) return;
    this.followed.set(pipelineId, now);
    refreshPipeline(project, pipelineId);
    live.add(pipelineId, { progress: project.store.runs.get(pipelineId)?.progress ?? null });
    live.changed(pipelineId, false);
  }

  private advance(pipelineId: string): void {
    const { project, live, finish, version } = this.options;
    let outcome: Outcome | null = null;
    try {
      const next = nextStage(project, pipelineId, version);
      if (next.type === "queued") live.changed(next.runId, true);
      if (next.type === "over") outcome = next.outcome;
      refreshPipeline(project, pipelineId);
    } catch (error) {
      outcome = notStarted(error, "The pipeline could not go on");
    }
    if (outcome === null) live.changed(pipelineId, true);
    else finish(pipelineId, outcome);
  }
}
