import { availableParallelism } from "node:os";
import { isStaged, type RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import { ACTIVE_STATUSES, RESUMABLE_STATUSES, type RunDetail, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import { isUserError, UserError } from "../../lib/errors.ts";
import type { Project } from "../../store/project/project.ts";
import type { ChildLauncher } from "../child/launcher.ts";
import { Emitter } from "../live/emitter.ts";
import { LiveUpdates } from "../live/live.ts";
import { CLOSED, KILLED, notStarted, type Outcome, STOPPED, silent, storeFailure } from "../stages/outcomes.ts";
import { Attempt } from "./attempt.ts";
import { forgetAllCheckpoints } from "./checkpoints.ts";
import { Devices } from "./devices.ts";
import { RUN_VARIABLE, recoverRuns } from "./recovery.ts";
import { existingRun, RunCare, runDetail } from "./run-care.ts";
import { StagedLead } from "./staged-lead.ts";
import { prepareStart } from "./start-message.ts";

export interface SupervisorOptions {
  readonly project: Project;
  readonly launcher: ChildLauncher;
  /** Version of the studio, frozen into each run. */
  readonly version: string;
  /** Folders with datasets, in order of preference. */
  readonly dataFolders: readonly string[];
  /** GPUs to spread runs over, as CUDA names them; none: one run at a time on whatever there is. */
  readonly gpus?: readonly string[];
  /** Runs at work at the same time; one a GPU by default, at least one. */
  readonly concurrency?: number;
  /** How long a child may be silent before it is given up, in milliseconds. A step on large images takes minutes. */
  readonly silenceMs?: number;
  /** How long a run may take to stop with a checkpoint, in milliseconds. */
  readonly stopGraceMs?: number;
}

/** A run that has a place: it is being prepared (no attempt yet) or executed. */
interface Place {
  attempt: Attempt | null;
  /** Set when it was asked to end while it was being prepared. */
  cancelled: Outcome | null;
}

const SILENCE_MS = 600_000;
const STOP_GRACE_MS = 180_000;
/** How often silence and requests of other processes are looked for, in milliseconds. */
const LOOK_MS = 500;
/** A look that comes so late means that the machine slept: nobody was silent then. */
const SLEPT_MS = 30_000;

/**
 * Leads the runs of a project: the queue, their child processes, their ends. There is one supervisor a project, in the
 * process that holds it open. Everything it knows for good is in the store.
 */
export class RunSupervisor {
  readonly events = new Emitter<RunEventMap>();
  readonly live: LiveUpdates;
  readonly care: RunCare;
  private readonly options: SupervisorOptions;
  private readonly project: Project;
  private readonly devices: Devices;
  private readonly places = new Map<string, Place>();
  private readonly staged: StagedLead;
  /** Ends that could not be stored yet. */
  private readonly unsaved = new Map<string, Outcome>();
  private concurrency: number;
  private timer: NodeJS.Timeout | null = null;
  private lastLook = performance.now();
  private closing = false;
  private pumping = false;
  private onEmpty: (() => void)[] = [];

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.project = options.project;
    this.devices = new Devices(options.gpus ?? []);
    this.concurrency = Math.max(1, options.concurrency ?? this.devices.count);
    this.live = new LiveUpdates(this.project.store, this.events);
    this.care = new RunCare(this.project, this.live, this.events);
    this.staged = new StagedLead({
      project: this.project,
      live: this.live,
      version: options.version,
      finish: (runId, outcome) => this.finish(runId, outcome),
      stopStage: (runId) => this.stop(runId),
      closing: () => this.closing,
    });
  }

  /** Puts right what an earlier supervisor left, then starts what waits. */
  start(): void {
    for (const runId of recoverRuns(this.project)) this.live.changed(runId, true);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    // A project that is open but idle must not keep a program alive.
    this.timer.unref();
    this.pump();
  }

  /** Adds a run to the end of the queue. The config is frozen from here on. */
  create(name: string, config: RunConfig, tags: readonly string[] = []): RunDetail {
    this.refuseWhenClosing();
    const runId = this.project.store.runs.create({ name, config, codeVersion: this.options.version, tags });
    this.live.changed(runId, true);
    this.pump();
    return this.detail(runId);
  }

  detail(runId: string): RunDetail {
    return runDetail(this.project.store, runId);
  }

  /** A new run with the same config. */
  retry(runId: string): RunDetail {
    const { name, config, tags } = this.detail(runId);
    return this.create(name, config, tags);
  }

  /**
   * Asks a run to write a checkpoint and end; one that waits just leaves the queue. A pipeline stops with its stage.
   * @throws UserError when it is neither at work nor waiting
   */
  stop(runId: string): void {
    this.end(runId, (place) => {
      if (place.attempt === null) place.cancelled = STOPPED;
      else place.attempt.stop();
    });
  }

  /** Ends a run at once, without a checkpoint. @throws UserError when it is neither at work nor waiting */
  kill(runId: string): void {
    this.end(runId, (place) => {
      place.cancelled = KILLED;
      place.attempt?.condemn(KILLED);
    });
  }

  /**
   * Puts a run into the queue again; it goes on from its last good checkpoint. A stage goes on with its pipeline.
   * @throws UserError when it did not end before its time
   */
  resume(runId: string): void {
    this.refuseWhenClosing();
    const { store } = this.project;
    const run = existingRun(store, runId);
    const parent = run.parentId === null ? null : store.runs.get(run.parentId);
    if (parent !== null && parent.status !== "completed") {
      this.resume(parent.id);
      return;
    }
    if (!RESUMABLE_STATUSES.includes(run.status))
      throw new UserError(`The run ${run.name} is ${run.status}; there is nothing to resume.`, {
        code: "run-not-resumable",
        remedy: run.status === "completed" ? "Start a new run with its configuration." : "Wait for its end.",
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

  /** How many runs may be at work at the same time; those at work go on. */
  setConcurrency(count: number): void {
    this.concurrency = Math.max(1, Math.floor(count));
    this.pump();
  }

  /** Runs with a process. */
  running(): RunSummary[] {
    return [...this.places.keys()].flatMap((runId) => this.project.store.runs.get(runId) ?? []);
  }

  /** Asks everything to stop with a checkpoint, ends what does not in time; what waits stays in the queue. */
  async close(graceMs = STOP_GRACE_MS): Promise<void> {
    this.closing = true;
    if (this.timer !== null) clearInterval(this.timer);
    const empty = this.places.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => this.onEmpty.push(resolve));
    for (const runId of [...this.places.keys()]) if (ACTIVE_STATUSES.includes(this.project.store.runs.get(runId)?.status ?? "completed")) this.stop(runId);
    const deadline = setTimeout(() => {
      for (const place of this.places.values()) {
        place.cancelled ??= CLOSED;
        place.attempt?.condemn(CLOSED);
      }
    }, graceMs);
    await empty;
    clearTimeout(deadline);
    this.staged.close();
    this.live.close();
  }

  // ------------------------------------------------------------------ queue

  /** Gives free places to what waits: stages of pipelines at work first, then the queue in order. */
  private pump(): void {
    if (this.closing || this.pumping) return;
    this.pumping = true;
    try {
      while (this.places.size < this.concurrency) {
        const waiting = this.project.store.runs.queued().filter((run) => !this.places.has(run.id) && !this.stageLives(run));
        const next = waiting.find((run) => run.parentId !== null) ?? waiting[0];
        if (next === undefined) return;
        if (isStaged(next.kind)) this.staged.begin(next);
        else void this.begin(next);
      }
    } finally {
      this.pumping = false;
    }
  }

  /** True while a process of a pipeline's stage is still ending: the pipeline must not go on before. */
  private stageLives(run: RunSummary): boolean {
    return isStaged(run.kind) && this.project.store.runs.children(run.id).some((stage) => this.places.has(stage.id));
  }

  private async begin(run: RunSummary): Promise<void> {
    const place: Place = { attempt: null, cancelled: null };
    this.places.set(run.id, place);
    const { project, options } = this;
    const { store } = project;
    try {
      // Read before the start is noted: a run that never began has no wall clock yet.
      const facts = store.runs.facts(run.id);
      if (facts === null) throw new Error(`Run ${run.id} has no details.`);
      store.runs.begin(run.id);
      this.live.changed(run.id, true);
      if (facts.codeVersion !== options.version)
        this.note(run.id, "warning", `The run began with version ${facts.codeVersion} and goes on with ${options.version}: its numbers may differ.`);
      const start = await prepareStart({ project, run, facts, dataFolders: options.dataFolders, note: (level, text) => this.note(run.id, level, text) });
      if (place.cancelled !== null) {
        this.finish(run.id, place.cancelled);
        this.leave(run.id);
        return;
      }
      // Streamed images are decoded on Node's own threads, four unless it is told otherwise before it starts.
      const decoders = facts.config.dataset.streamed === true ? { UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())) } : {};
      const child = options.launcher.launch({ ...this.devices.assign(run.id, facts.config), ...decoders, [RUN_VARIABLE]: run.id });
      place.attempt = new Attempt({
        project,
        live: this.live,
        events: this.events,
        child,
        start,
        datasetFingerprint: facts.datasetFingerprint,
        stopGraceMs: options.stopGraceMs ?? STOP_GRACE_MS,
        onOutcome: (outcome) => this.finish(run.id, outcome),
        onGone: () => this.leave(run.id),
        onProgress: () => {
          if (run.parentId !== null) this.staged.follow(run.parentId);
        },
      });
      store.runs.update(run.id, { processId: child.pid });
    } catch (error) {
      place.attempt?.condemn({ status: "interrupted", failure: storeFailure(error) });
      if (place.attempt !== null) return;
      this.finish(run.id, notStarted(error));
      this.leave(run.id);
    }
  }

  /** Notes how a run ended. Its process may take a moment more to go. */
  private finish(runId: string, outcome: Outcome): void {
    const { store } = this.project;
    try {
      const activeSeconds = this.places.get(runId)?.attempt?.activeSeconds;
      store.runs.update(runId, {
        status: outcome.status,
        failure: outcome.failure,
        finishedAt: new Date().toISOString(),
        queuePosition: null,
        processId: null,
        ...(activeSeconds === undefined ? {} : { activeSeconds }),
        ...(outcome.summary === undefined ? {} : { summary: outcome.summary }),
      });
      if (outcome.status === "completed") forgetAllCheckpoints(this.project, runId);
    } catch (error) {
      // The store cannot be written now (a full disk). It is tried again with every look; should the studio end
      // before, the run becomes interrupted when the project is opened again.
      this.unsaved.set(runId, outcome);
      this.events.emit("run.changed", { ...existingRun(store, runId), status: "interrupted", failure: storeFailure(error) });
      return;
    }
    this.unsaved.delete(runId);
    this.live.changed(runId, true);
  }

  /** The run's process is gone: its place is free, and its pipeline goes on. */
  private leave(runId: string): void {
    this.places.delete(runId);
    this.devices.release(runId);
    const { store } = this.project;
    const run = store.runs.get(runId);
    if (run !== null && run.parentId !== null) this.staged.stageEnded(run.parentId);
    if (this.places.size === 0) for (const resolve of this.onEmpty.splice(0)) resolve();
    this.pump();
  }

  // ------------------------------------------------------------------- ends

  private end(runId: string, endPlace: (place: Place) => void): void {
    const { store } = this.project;
    const run = existingRun(store, runId);
    const place = this.places.get(runId);
    if (!ACTIVE_STATUSES.includes(run.status))
      throw new UserError(`The run ${run.name} is ${run.status}; it is not at work.`, {
        code: "run-not-active",
        remedy: "Runs that are at work or wait can be stopped.",
      });
    if (isStaged(run.kind) && run.status !== "queued") {
      this.endStaged(run, endPlace);
      return;
    }
    if (place === undefined) {
      this.finish(runId, STOPPED);
      if (run.parentId !== null) this.staged.stageEnded(run.parentId);
      return;
    }
    store.runs.update(runId, { status: "stopping" });
    this.live.changed(runId, true);
    endPlace(place);
  }

  private endStaged(run: RunSummary, endPlace: (place: Place) => void): void {
    const { store } = this.project;
    store.runs.update(run.id, { status: "stopping" });
    this.live.changed(run.id, true);
    const stages = this.staged.activeStages(run.id);
    // Those that wait first: with the last that is at work the run itself ends.
    for (const stage of stages.toSorted((a, b) => Number(this.places.has(a.id)) - Number(this.places.has(b.id))))
      if (ACTIVE_STATUSES.includes(store.runs.get(stage.id)?.status ?? "completed")) this.end(stage.id, endPlace);
    // Between two stages there is nothing to wait for, unless the last one's process is still leaving.
    if (stages.length > 0 || this.stageLives(run)) return;
    this.staged.abandon(run.id);
    this.finish(run.id, STOPPED);
  }

  // ------------------------------------------------------------------ looks

  private look(): void {
    const now = performance.now();
    const slept = now - this.lastLook > SLEPT_MS;
    this.lastLook = now;
    const silence = this.options.silenceMs ?? SILENCE_MS;
    for (const { attempt } of this.places.values()) {
      if (attempt === null) continue;
      if (slept) attempt.lastSeen = now;
      if (now - attempt.lastSeen <= silence) continue;
      attempt.condemn(silent(silence));
    }
    for (const [runId, outcome] of this.unsaved) this.finish(runId, outcome);
    try {
      this.answerRequests();
    } catch (error) {
      // Another process has the database for itself just now: the next look comes soon.
      if (!(error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_"))) throw error;
    }
  }

  /** Does what other processes (the command line) asked for. */
  private answerRequests(): void {
    for (const request of this.project.store.requests.take()) {
      try {
        if (request.type === "stop") this.stop(request.runId);
        else if (request.type === "kill") this.kill(request.runId);
        else this.resume(request.runId);
      } catch (error) {
        if (isUserError(error) && this.project.store.runs.get(request.runId) !== null) this.note(request.runId, "warning", error.message);
        else if (!isUserError(error)) throw error;
      }
    }
  }

  private note(runId: string, level: "info" | "warning", text: string): void {
    this.live.add(runId, { logs: this.project.store.logs.append(runId, [{ time: new Date().toISOString(), level, text }]) });
  }

  private refuseWhenClosing(): void {
    if (this.closing) throw new UserError("The project is being closed.", { code: "project-closing", remedy: "Open it again, then start the run." });
  }
}
