import { isStaged, type RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { ACTIVE_STATUSES, RESUMABLE_STATUSES, type RunDetail, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import { withAbsolutePaths } from "../../config/absolute-paths.ts";
import { isUserError, UserError } from "../../lib/errors.ts";
import { isStoreError } from "../../store/database/store-error.ts";
import { type Project, projectGone } from "../../store/project/project.ts";
import type { Attempt } from "../attempt/attempt.ts";
import type { ChildLauncher } from "../child/launcher.ts";
import { GpuAssignment } from "../devices/gpu-assignment.ts";
import { Emitter } from "../live/emitter.ts";
import { LiveUpdates } from "../live/live-updates.ts";
import { CLOSED, KILLED, projectLost, type RunOutcome, STOPPED } from "../outcomes/run-outcome.ts";
import { outcomeOfError, storeFailure } from "../outcomes/store-failure.ts";
import { OutcomeRecorder } from "./outcome-recorder.ts";
import { recoverRuns } from "./recovery.ts";
import { existingRun, runDetail } from "./run-detail.ts";
import { RunEditor } from "./run-editor.ts";
import { StageCoordinator } from "./stage-coordinator.ts";
import { startAttempt } from "./start-attempt.ts";
import { Watchdog } from "./watchdog.ts";

export interface SupervisorOptions {
  readonly project: Project;
  readonly launcher: ChildLauncher;
  /** Version of GHN Studio, recorded with each run. */
  readonly version: string;
  /** Folders with datasets, in order of preference. */
  readonly dataFolders: readonly string[];
  /** GPUs to distribute runs over, as named by CUDA; if there are none, runs use whatever device is available. */
  readonly gpus?: readonly string[];
  /** Number of runs that may run at the same time, at least 1; by default one per GPU. */
  readonly concurrency?: number;
  /** How long a child may be unresponsive before it is terminated, in milliseconds. A step on large images takes minutes. */
  readonly silenceMs?: number;
  /** How long a run may take to stop with a checkpoint, in milliseconds. */
  readonly stopGraceMs?: number;
}

/** A run that occupies a slot: it is being prepared (no attempt yet) or executed. */
interface ActiveRun {
  attempt: Attempt | null;
  /** Set if the run was stopped or killed while it was being prepared. */
  cancelled: RunOutcome | null;
}

const SILENCE_MS = 600_000;
const STOP_GRACE_MS = 180_000;
/** Interval of checks for unresponsive processes and for requests of other programs, in milliseconds. */
const TICK_MS = 500;

/**
 * Executes the runs of a project: manages the queue, the child processes and their outcomes. There is one supervisor per project,
 * in the process that holds it open. Its persistent state is in the store.
 */
export class RunSupervisor {
  readonly events = new Emitter<RunEventMap>();
  readonly live: LiveUpdates;
  readonly editor: RunEditor;
  private readonly options: SupervisorOptions;
  private readonly project: Project;
  private readonly gpus: GpuAssignment;
  private readonly outcomes: OutcomeRecorder;
  private readonly watchdog: Watchdog;
  private readonly stages: StageCoordinator;
  private readonly active = new Map<string, ActiveRun>();
  private concurrency: number;
  private timer: NodeJS.Timeout | null = null;
  private closing = false;
  private pumping = false;
  /** The project folder was moved or deleted. */
  private lost = false;
  /** True if the queue could not be read. */
  private stalled = false;
  private onIdle: (() => void)[] = [];

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.project = options.project;
    this.gpus = new GpuAssignment(options.gpus ?? []);
    this.concurrency = Math.max(1, options.concurrency ?? this.gpus.count);
    this.live = new LiveUpdates(this.project.store, this.events);
    this.editor = new RunEditor(this.project, this.live, this.events);
    this.outcomes = new OutcomeRecorder(this.project, this.live);
    this.watchdog = new Watchdog(options.silenceMs ?? SILENCE_MS);
    this.stages = new StageCoordinator({
      project: this.project,
      live: this.live,
      version: options.version,
      finish: (runId, outcome) => this.finish(runId, outcome),
      stopStage: (runId) => this.stop(runId),
      closing: () => this.closing,
    });
  }

  /** Cleans up after an earlier supervisor, then starts queued runs. */
  start(): void {
    for (const runId of recoverRuns(this.project)) this.live.changed(runId, true);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    // An open but idle project must not keep the program alive.
    this.timer.unref();
    this.pump();
  }

  /** Adds a run to the end of the queue and freezes its config. */
  create(name: string, config: RunConfig, tags: readonly string[] = []): RunDetail {
    this.refuseWhenClosing();
    const runId = this.project.store.runs.create({ name, config: withAbsolutePaths(config), codeVersion: this.options.version, tags });
    this.live.changed(runId, true);
    this.pump();
    return this.detail(runId);
  }

  detail(runId: string): RunDetail {
    return runDetail(this.project.store, runId);
  }

  /** Creates a new run with the same config. */
  retry(runId: string): RunDetail {
    const { name, config, tags } = this.detail(runId);
    return this.create(name, config, tags);
  }

  /**
   * Asks a run to write a checkpoint and stop; a queued run is removed from the queue. A pipeline stops together with its stage.
   * @throws UserError `run-not-active`
   */
  stop(runId: string): void {
    this.end(runId, (active) => {
      if (active.attempt === null) active.cancelled = STOPPED;
      else active.attempt.stop();
    });
  }

  /** Ends a run immediately, without a checkpoint. @throws UserError `run-not-active` */
  kill(runId: string): void {
    this.end(runId, (active) => {
      active.cancelled = KILLED;
      active.attempt?.terminate(KILLED);
    });
  }

  /**
   * Queues a run again; it continues from its last intact checkpoint. A stage continues together with its pipeline.
   * @throws UserError `run-not-resumable`, `run-trashed`
   */
  resume(runId: string): void {
    this.refuseWhenClosing();
    const { store } = this.project;
    // A run whose state cannot be read may have completed: resuming would discard its results.
    const run = store.damage.refusing(() => existingRun(store, runId));
    const parent = run.parentId === null ? null : store.runs.get(run.parentId);
    if (parent !== null && parent.status !== "completed") {
      this.resume(parent.id);
      return;
    }
    if (!RESUMABLE_STATUSES.includes(run.status))
      throw new UserError(`The run ${run.name} is ${run.status}; there is nothing to resume.`, {
        code: "run-not-resumable",
        remedy: run.status === "completed" ? "Start a new run with its configuration." : "Wait until it has ended.",
      });
    if (run.trashedAt !== null) throw new UserError(`The run ${run.name} is in the trash.`, { code: "run-trashed", remedy: "Restore it first." });
    store.runs.enqueue(runId);
    this.live.changed(runId, true);
    this.pump();
  }

  reorderQueue(runIds: readonly string[]): void {
    this.project.store.runs.reorder(runIds);
    for (const run of this.project.store.runs.queued()) this.live.changed(run.id, true);
  }

  /** Sets how many runs may run at the same time; runs that are already running continue. */
  setConcurrency(count: number): void {
    this.concurrency = Math.max(1, Math.floor(count));
    this.pump();
  }

  /** Runs that occupy a slot. */
  running(): RunSummary[] {
    return [...this.active.keys()].flatMap((runId) => this.project.store.runs.get(runId) ?? []);
  }

  /** Asks all runs to stop with a checkpoint and terminates those that do not stop in time; queued runs stay queued. */
  async close(graceMs = STOP_GRACE_MS): Promise<void> {
    this.closing = true;
    if (this.timer !== null) clearInterval(this.timer);
    const idle = this.active.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => this.onIdle.push(resolve));
    for (const runId of [...this.active.keys()]) if (this.isActive(runId)) this.stop(runId);
    const deadline = setTimeout(() => {
      for (const active of this.active.values()) {
        active.cancelled ??= CLOSED;
        active.attempt?.terminate(CLOSED);
      }
    }, graceMs);
    await idle;
    clearTimeout(deadline);
    this.stages.close();
    this.live.close();
  }

  // ---- Queue

  /** Fills free slots: stages of running pipelines first, then the queue in its order. */
  private pump(): void {
    if (this.closing || this.pumping || this.lost) return;
    this.pumping = true;
    try {
      while (this.active.size < this.concurrency) {
        const waiting = this.project.store.runs.queued().filter((run) => !this.active.has(run.id) && !this.hasActiveStage(run));
        const next = waiting.find((run) => run.parentId !== null) ?? waiting[0];
        if (next === undefined) break;
        if (isStaged(next.kind)) this.stages.begin(next);
        else void this.begin(next);
      }
      this.stalled = false;
    } catch (error) {
      // The queue cannot be read now (the disk does not respond): the next tick tries again.
      if (!isStoreError(error)) throw error;
      this.stalled = true;
    } finally {
      this.pumping = false;
    }
  }

  /** True while the process of one of its stages is still exiting: the pipeline must not continue before that. */
  private hasActiveStage(run: RunSummary): boolean {
    return isStaged(run.kind) && this.project.store.runs.children(run.id).some((stage) => this.active.has(stage.id));
  }

  private async begin(run: RunSummary): Promise<void> {
    const active: ActiveRun = { attempt: null, cancelled: null };
    this.active.set(run.id, active);
    try {
      const outcome = await startAttempt(run, {
        ...this.options,
        gpus: this.gpus,
        live: this.live,
        events: this.events,
        stopGraceMs: this.options.stopGraceMs ?? STOP_GRACE_MS,
        note: (level, text) => this.note(run.id, level, text),
        cancelled: () => active.cancelled,
        onAttempt: (attempt) => {
          active.attempt = attempt;
        },
        onOutcome: (ended) => this.finish(run.id, ended),
        onGone: () => this.leave(run.id),
        onProgress: () => {
          if (run.parentId !== null) this.stages.follow(run.parentId);
        },
      });
      if (outcome === null) return;
      this.finish(run.id, outcome);
      this.leave(run.id);
    } catch (error) {
      // An attempt reports its own end; without an attempt, the run ends here.
      active.attempt?.terminate({ status: "interrupted", failure: storeFailure(error) });
      if (active.attempt !== null) return;
      this.finish(run.id, outcomeOfError(error));
      this.leave(run.id);
    }
  }

  /** Stores the outcome of a run. Its process may still need a moment to exit. */
  private finish(runId: string, outcome: RunOutcome): void {
    this.outcomes.record(runId, outcome, this.active.get(runId)?.attempt?.activeSeconds);
  }

  /** The process of a run is gone: its slot is free, and its pipeline continues. */
  private leave(runId: string): void {
    this.active.delete(runId);
    this.gpus.release(runId);
    this.notifyParent(runId);
    if (this.active.size === 0) for (const resolve of this.onIdle.splice(0)) resolve();
    this.pump();
  }

  private notifyParent(runId: string): void {
    try {
      const parentId = this.project.store.runs.get(runId)?.parentId ?? null;
      if (parentId !== null) this.stages.stageEnded(parentId);
    } catch (error) {
      // The project cannot be read now. Its runs are recovered when it is next opened.
      if (!isStoreError(error)) throw error;
    }
  }

  // ---- Ending runs

  private end(runId: string, endActive: (active: ActiveRun) => void): void {
    const { store } = this.project;
    const run = existingRun(store, runId);
    const active = this.active.get(runId);
    if (!ACTIVE_STATUSES.includes(run.status))
      throw new UserError(`The run ${run.name} is ${run.status}, not running.`, {
        code: "run-not-active",
        remedy: "Only running and queued runs can be stopped.",
      });
    if (isStaged(run.kind) && run.status !== "queued") {
      this.endStaged(run, endActive);
      return;
    }
    if (active === undefined) {
      this.finish(runId, STOPPED);
      if (run.parentId !== null) this.stages.stageEnded(run.parentId);
      return;
    }
    this.markStopping(runId);
    endActive(active);
  }

  private endStaged(run: RunSummary, endActive: (active: ActiveRun) => void): void {
    this.markStopping(run.id);
    const stages = this.stages.activeStages(run.id);
    // Queued stages first: the run itself ends together with its last running stage.
    for (const stage of stages.toSorted((a, b) => Number(this.active.has(a.id)) - Number(this.active.has(b.id))))
      if (this.isActive(stage.id)) this.end(stage.id, endActive);
    // Between stages there is nothing to wait for, unless the process of the last one is still exiting.
    if (stages.length > 0 || this.hasActiveStage(run)) return;
    this.stages.abandon(run.id);
    this.finish(run.id, STOPPED);
  }

  private markStopping(runId: string): void {
    try {
      this.project.store.runs.update(runId, { status: "stopping" });
    } catch (error) {
      // A full disk must not prevent a run from being stopped.
      if (!isStoreError(error)) throw error;
    }
    this.live.changed(runId, true);
  }

  private isActive(runId: string): boolean {
    return ACTIVE_STATUSES.includes(this.project.store.runs.get(runId)?.status ?? "completed");
  }

  // ---- Regular checks

  private tick(): void {
    this.checkPlace();
    this.watchdog.check([...this.active.values()].flatMap(({ attempt }) => attempt ?? []));
    this.outcomes.retry();
    if (this.stalled) this.pump();
    try {
      this.answerRequests();
    } catch (error) {
      // The database is busy or cannot be written now: the next tick comes soon.
      if (!isStoreError(error)) throw error;
    }
  }

  /** Ends all runs when the project folder was moved or deleted: what they write would be lost, or begin another folder in its place. */
  private checkPlace(): void {
    if (this.lost || this.project.isInPlace()) return;
    this.lost = true;
    const outcome = projectLost(projectGone(this.project.folder));
    for (const active of this.active.values()) {
      active.cancelled ??= outcome;
      active.attempt?.terminate(outcome);
    }
    try {
      // A run with stages ends with its active ones; nothing else starts any more.
      for (const run of this.project.store.runs.withStatus("queued", "running", "stopping"))
        if (!this.active.has(run.id) && !this.hasActiveStage(run)) this.finish(run.id, outcome);
    } catch (error) {
      // The database is gone with the folder, for example because its disk was removed.
      if (!isStoreError(error)) throw error;
    }
  }

  /** Executes requests from other programs, such as the command line. */
  private answerRequests(): void {
    for (const request of this.project.store.requests.take()) {
      try {
        if (request.type === "stop") this.stop(request.runId);
        else if (request.type === "kill") this.kill(request.runId);
        else if (this.project.store.runs.get(request.runId)?.status === "queued") this.queuedElsewhere(request.runId);
        else this.resume(request.runId);
      } catch (error) {
        if (isUserError(error) && this.project.store.runs.get(request.runId) !== null) this.note(request.runId, "warning", error.message);
        else if (!isUserError(error)) throw error;
      }
    }
  }

  /** Another process has added a run to the queue. */
  private queuedElsewhere(runId: string): void {
    this.live.changed(runId, true);
    this.pump();
  }

  private note(runId: string, level: "info" | "warning", text: string): void {
    this.live.add(runId, { logs: this.project.store.logs.append(runId, [{ time: new Date().toISOString(), level, text }]) });
  }

  private refuseWhenClosing(): void {
    if (this.lost) throw projectGone(this.project.folder);
    if (this.closing) throw new UserError("The project is being closed.", { code: "project-closing", remedy: "Open it again, then start the run." });
  }
}
