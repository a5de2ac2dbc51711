import { isStaged, type StagedRunKind } from "../../../src-shared/domain/config/run-config.ts";
import { ACTIVE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { Project } from "../../store/project/project.ts";
import type { LiveUpdates } from "../live/live-updates.ts";
import { type RunOutcome, STOPPED } from "../outcomes/run-outcome.ts";
import { outcomeOfError } from "../outcomes/store-failure.ts";
import { anytimeKind } from "../stages/anytime/anytime.ts";
import { pipelineKind } from "../stages/pipeline/pipeline.ts";
import { type NextStages, nextStages, type StagedKind, type StagePlan, stagesByKey, stagesProgress } from "../stages/stages.ts";
import { studyKind } from "../stages/study/study.ts";

export interface StageCoordinatorOptions {
  readonly project: Project;
  readonly live: LiveUpdates;
  readonly version: string;
  /** Stores the outcome of a run. */
  readonly finish: (runId: string, outcome: RunOutcome) => void;
  /** Asks a running or queued stage to stop with a checkpoint. */
  readonly stopStage: (runId: string) => void;
  /** True once nothing may start any more. */
  readonly closing: () => boolean;
}

/** Minimum time between two updates of the progress of a run, in milliseconds. */
const FOLLOW_MS = 500;

/**
 * Executes runs that consist of stages. Such a run does not have a process; its stages do, as many at a time as there
 * are free slots. Its state is read from the store each time, so that it can continue however the program ended.
 */
export class StageCoordinator {
  private readonly options: StageCoordinatorOptions;
  private readonly kinds: Readonly<Record<StagedRunKind, StagedKind>>;
  /** When the progress of each run was last updated. */
  private readonly followed = new Map<string, number>();
  /** Runs whose stages are done and whose conclusion is being computed. */
  private readonly concluding = new Map<string, AbortController>();

  constructor(options: StageCoordinatorOptions) {
    this.options = options;
    this.kinds = { pipeline: pipelineKind(options.project), study: studyKind(options.project), anytime: anytimeKind(options.project) };
  }

  /** Starts or continues a run: the stages that can start are put in front of the queue. */
  begin(run: RunSummary): void {
    try {
      this.options.project.store.runs.begin(run.id);
    } catch (error) {
      this.fail(run.id, error);
      return;
    }
    this.advance(run.id);
  }

  /** Running and queued stages. */
  activeStages(runId: string): RunSummary[] {
    return this.options.project.store.runs.children(runId).filter((stage) => ACTIVE_STATUSES.includes(stage.status));
  }

  /** A stage has ended and its process is gone: the run continues, or ends once none of its stages is active. */
  stageEnded(runId: string): void {
    try {
      this.continueAfterStage(runId);
    } catch (error) {
      this.fail(runId, error);
    }
  }

  private continueAfterStage(runId: string): void {
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
      // A stage that cannot continue stops the others too; their work is in their checkpoints.
      for (const stage of active) if (stage.status !== "stopping" && project.store.runs.get(stage.id)?.status === stage.status) stopStage(stage.id);
      return;
    }
    if (broken.length > 0) {
      finish(runId, this.outcomeOf(runId, broken));
      return;
    }
    // The stop was requested just as the last stage completed: there is nothing left to stop.
    const { over, done } = this.next(runId).next;
    if (over) this.conclude(runId, done);
    else finish(runId, STOPPED);
  }

  /** Aborts computing the conclusion of a run; the caller stores the outcome. The conclusion is computed again when the run is resumed. */
  abandon(runId: string): void {
    this.concluding.get(runId)?.abort();
    this.concluding.delete(runId);
  }

  /** Aborts conclusions that are still being computed. */
  close(): void {
    for (const runId of [...this.concluding.keys()]) {
      this.abandon(runId);
      this.options.finish(runId, STOPPED);
    }
  }

  /** Updates the progress of a run from its stages. */
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
    const { live } = this.options;
    try {
      const { next } = this.next(runId);
      this.refresh(runId);
      if (next.over) this.conclude(runId, next.done);
      else {
        this.queue(runId, next);
        this.refresh(runId);
      }
    } catch (error) {
      this.fail(runId, error);
      return;
    }
    live.changed(runId, true);
  }

  /** Ends a run that cannot continue, and its stages with it. */
  private fail(runId: string, error: unknown): void {
    this.options.finish(runId, outcomeOfError(error, `The ${this.kindOf(runId)} could not continue`));
    for (const stage of this.activeStages(runId)) this.options.stopStage(stage.id);
  }

  /** Puts the stages that can start in front of the queue, in the order of the plan. */
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
    const plan = this.options.project.store.damage.refusing(() => this.kinds[this.kindOf(runId)].plan(runId, runs));
    return { next: nextStages(plan, runs), stages: plan.stages, runs };
  }

  private conclude(runId: string, done: ReadonlyMap<string, string>): void {
    if (this.concluding.has(runId)) return;
    const control = new AbortController();
    const end = (outcome: RunOutcome): void => {
      if (control.signal.aborted) return;
      this.concluding.delete(runId);
      this.options.finish(runId, outcome);
    };
    const failed = (error: unknown): void => end(outcomeOfError(error, `The ${this.kindOf(runId)} could not be completed`));
    try {
      const outcome = this.options.project.store.damage.refusing(() => this.kinds[this.kindOf(runId)].conclude(runId, done, control.signal));
      if (outcome instanceof Promise) {
        this.concluding.set(runId, control);
        outcome.then(end, failed);
      } else end(outcome);
    } catch (error) {
      failed(error);
    }
  }

  /** Updates progress, process time and device of a run from its stages. */
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

  /** The outcome of a run whose stages did not all complete: the worst of theirs (failed, then interrupted, then stopped). */
  private outcomeOf(runId: string, broken: readonly RunSummary[]): RunOutcome {
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
