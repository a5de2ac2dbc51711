import { isStaged, type StagedRunKind } from "../../../src-shared/domain/config/run-config.ts";
import { ACTIVE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { Project } from "../../store/project/project.ts";
import type { LiveUpdates } from "../live/live.ts";
import { anytimeKind } from "../stages/anytime/anytime.ts";
import { notStarted, type Outcome, STOPPED } from "../stages/outcomes.ts";
import { pipelineKind } from "../stages/pipeline/pipeline.ts";
import { type NextStages, nextStages, type StagedKind, type StagePlan, stagesByKey, stagesProgress } from "../stages/stages.ts";
import { studyKind } from "../stages/study/study.ts";

export interface StagedLeadOptions {
  readonly project: Project;
  readonly live: LiveUpdates;
  readonly version: string;
  /** Notes how a run ended. */
  readonly finish: (runId: string, outcome: Outcome) => void;
  /** Asks a stage that is at work or waits to end with a checkpoint. */
  readonly stopStage: (runId: string) => void;
  /** True when nothing may begin any more. */
  readonly closing: () => boolean;
}

/** Least time between two looks at the stages of a run at work, in milliseconds. */
const FOLLOW_MS = 500;

/**
 * Leads runs that are made of stages. Such a run has no process of its own: its stages have, as many at a time as there are places. Where it stands is read from the store each time, so
 * that it goes on after any end of the studio.
 */
export class StagedLead {
  private readonly options: StagedLeadOptions;
  private readonly kinds: Readonly<Record<StagedRunKind, StagedKind>>;
  /** When the progress of each run was last brought up to date. */
  private readonly followed = new Map<string, number>();
  /** Runs whose stages are done and whose end is being worked out. */
  private readonly concluding = new Map<string, AbortController>();

  constructor(options: StagedLeadOptions) {
    this.options = options;
    this.kinds = { pipeline: pipelineKind(options.project), study: studyKind(options.project), anytime: anytimeKind(options.project) };
  }

  /** Begins a run or goes on with it: the stages that can begin stand in front of the queue afterwards. */
  begin(run: RunSummary): void {
    this.options.project.store.runs.begin(run.id);
    this.advance(run.id);
  }

  /** Stages at work or waiting. */
  activeStages(runId: string): RunSummary[] {
    return this.options.project.store.runs.children(runId).filter((stage) => ACTIVE_STATUSES.includes(stage.status));
  }

  /** A stage is over and its process gone: the run goes on, or ends once nothing of it is at work any more. */
  stageEnded(runId: string): void {
    const { project, finish, stopStage, closing } = this.options;
    const run = project.store.runs.get(runId);
    if (run === null || (run.status !== "running" && run.status !== "stopping")) return;
    this.refresh(runId);
    const broken = project.store.runs.children(runId).filter((stage) => ["failed", "interrupted", "stopped"].includes(stage.status));
    if (run.status === "running" && broken.length === 0 && !closing()) {
      this.advance(runId);
      return;
    }
    const active = this.activeStages(runId);
    if (active.length > 0) {
      // One that cannot go on ends the others too: what they did is in their checkpoints.
      for (const stage of active) if (stage.status !== "stopping" && project.store.runs.get(stage.id)?.status === stage.status) stopStage(stage.id);
      return;
    }
    if (broken.length > 0) {
      finish(runId, this.outcomeOf(runId, broken));
      return;
    }
    // Asked to stop in the moment the last stage was done: there is nothing left to stop.
    const { over, done } = this.next(runId).next;
    if (over) this.conclude(runId, done);
    else finish(runId, STOPPED);
  }

  /** Gives up working out how a run ends; the caller says how it ended. It is worked out anew when the run is resumed. */
  abandon(runId: string): void {
    this.concluding.get(runId)?.abort();
    this.concluding.delete(runId);
  }

  /** Ends what is still being worked out. */
  close(): void {
    for (const runId of [...this.concluding.keys()]) {
      this.abandon(runId);
      this.options.finish(runId, STOPPED);
    }
  }

  /** The progress of a run is that of its stages. */
  follow(runId: string): void {
    const { project, live } = this.options;
    const now = performance.now();
    if (now - (this.followed.get(runId) ?? Number.NEGATIVE_INFINITY) < FOLLOW_MS) return;
    this.followed.set(runId, now);
    this.refresh(runId);
    live.add(runId, { progress: project.store.runs.get(runId)?.progress ?? null });
    live.changed(runId, false);
  }

  private advance(runId: string): void {
    const { live, finish } = this.options;
    try {
      const { next } = this.next(runId);
      this.refresh(runId);
      if (next.over) this.conclude(runId, next.done);
      else {
        this.queue(runId, next);
        this.refresh(runId);
      }
    } catch (error) {
      finish(runId, notStarted(error, `The ${this.kindOf(runId)} could not go on`));
      return;
    }
    live.changed(runId, true);
  }

  /** Puts what can begin in front of the queue, in the order of the plan. */
  private queue(runId: string, { create, enqueue, done }: NextStages): void {
    const { project, live, version } = this.options;
    const { store } = project;
    const name = store.runs.get(runId)?.name ?? this.kindOf(runId);
    for (const id of [...enqueue].reverse()) {
      store.runs.enqueue(id, true);
      live.changed(id, true);
    }
    for (const stage of [...create].reverse()) {
      const id = store.runs.create({
        name: `${name} – ${stage.title}`,
        config: stage.config(done),
        codeVersion: version,
        parentId: runId,
        stage: stage.key,
        first: true,
      });
      live.changed(id, true);
    }
  }

  private next(runId: string): { readonly next: NextStages; readonly stages: readonly StagePlan[]; readonly runs: ReadonlyMap<string, RunSummary> } {
    const runs = stagesByKey(this.options.project.store.runs.children(runId));
    const plan = this.kinds[this.kindOf(runId)].plan(runId, runs);
    return { next: nextStages(plan, runs), stages: plan.stages, runs };
  }

  private conclude(runId: string, done: ReadonlyMap<string, string>): void {
    if (this.concluding.has(runId)) return;
    const control = new AbortController();
    const end = (outcome: Outcome): void => {
      if (control.signal.aborted) return;
      this.concluding.delete(runId);
      this.options.finish(runId, outcome);
    };
    const failed = (error: unknown): void => end(notStarted(error, `The ${this.kindOf(runId)} could not be concluded`));
    try {
      const outcome = this.kinds[this.kindOf(runId)].conclude(runId, done, control.signal);
      if (outcome instanceof Promise) {
        this.concluding.set(runId, control);
        outcome.then(end, failed);
      } else end(outcome);
    } catch (error) {
      failed(error);
    }
  }

  /** Brings progress, process time and device of a run up to date with its stages. */
  private refresh(runId: string): void {
    const { store } = this.options.project;
    const { stages, runs } = this.next(runId);
    const device = [...runs.values()].findLast((run) => run.backend !== null);
    store.runs.update(runId, {
      ...(device?.backend == null ? {} : { backend: device.backend }),
      ...(device?.device == null ? {} : { device: device.device }),
      progress: stagesProgress(stages, runs),
      activeSeconds: [...runs.values()].reduce((sum, run) => sum + run.activeSeconds, 0),
    });
  }

  /** How a run ends whose stages did not all complete: a failure counts more than an interruption, that more than a stop. */
  private outcomeOf(runId: string, broken: readonly RunSummary[]): Outcome {
    const worst = broken.find((stage) => stage.status === "failed") ?? broken.find((stage) => stage.status === "interrupted");
    if (worst === undefined) return { status: "stopped", failure: null };
    const title = this.next(runId).stages.find(({ key }) => key === worst.stage)?.title ?? worst.name;
    const failure =
      worst.failure === null ? { message: `The stage ${title} did not complete.` } : { ...worst.failure, message: `${title}: ${worst.failure.message}` };
    return { status: worst.status === "failed" ? "failed" : "interrupted", failure };
  }

  private kindOf(runId: string): StagedRunKind {
    const kind = this.options.project.store.runs.get(runId)?.kind;
    if (kind !== undefined && isStaged(kind)) return kind;
    throw new Error(`Run ${runId} has no stages.`);
  }
}
