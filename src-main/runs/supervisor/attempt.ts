import { rm } from "node:fs/promises";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import type { FromWorker, ToWorker } from "../../../src-shared/worker-protocol.ts";
import type { Project } from "../../store/project/project.ts";
import { explainDeath } from "../child/exit-reason.ts";
import { parseFromWorker } from "../child/from-worker.ts";
import type { ChildExit, ChildHandle } from "../child/launcher.ts";
import { OutputTail } from "../child/output-tail.ts";
import { SystemLoad } from "../child/system-load.ts";
import type { Emitter } from "../live/emitter.ts";
import type { LiveUpdates } from "../live/live.ts";
import { disobedient, type Outcome, storeFailure } from "../stages/outcomes.ts";
import { forgetOldCheckpoints } from "./checkpoints.ts";

export type StartMessage = Extract<ToWorker, { type: "start" }>;

export interface AttemptOptions {
  readonly project: Project;
  readonly live: LiveUpdates;
  readonly events: Emitter<RunEventMap>;
  readonly child: ChildHandle;
  readonly start: StartMessage;
  /** Fingerprint of the images that the run began with; null when it has not begun. */
  readonly datasetFingerprint: string | null;
  readonly stopGraceMs: number;
  /** Hears of the end once, as soon as it is known; the process may still live. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Hears that the process is gone. */
  readonly onGone: () => void;
  /** Hears of progress. */
  readonly onProgress: () => void;
}

/** How long a process may take to end after its last message, in milliseconds. */
const LEAVE_MS = 10_000;

/** One life of a run in a child process: stores what the child tells, and finds out how it ends. */
export class Attempt {
  lastSeen = performance.now();
  private readonly options: AttemptOptions;
  private readonly begun = performance.now();
  private readonly output = new OutputTail();
  private load = new SystemLoad(-1);
  private step: number | null = null;
  private epoch = 0;
  private memoryBytes: number | null = null;
  private outcome: Outcome | null = null;
  /** Why the child is being ended by us. */
  private sentence: Outcome | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: AttemptOptions) {
    this.options = options;
    const { child, start } = options;
    child.onOutput((text) => this.output.add(text));
    child.onMessage((data) => this.receive(data));
    child.onExit((exit) => this.gone(exit));
    child.post(start);
  }

  /** Process seconds of the run over all its lives. */
  get activeSeconds(): number {
    return this.options.start.activeSecondsBefore + (performance.now() - this.begun) / 1000;
  }

  get processId(): number | null {
    return this.options.child.pid;
  }

  /** Asks for a checkpoint and an end; ends the process if it does not answer in time. */
  stop(): void {
    if (this.outcome !== null || this.timer !== null) return;
    this.options.child.post({ type: "stop" });
    const { stopGraceMs } = this.options;
    this.timer = setTimeout(() => this.condemn(disobedient(stopGraceMs)), stopGraceMs);
  }

  /** Ends the process at once. The run ends as `outcome` says, unless it told its own end before. */
  condemn(outcome: Outcome): void {
    if (this.outcome === null) this.sentence ??= outcome;
    this.options.child.kill();
  }

  private receive(data: unknown): void {
    this.lastSeen = performance.now();
    const message = parseFromWorker(data);
    if (message === null) {
      this.log("warning", "A message of the run's process could not be understood and was dropped.");
      return;
    }
    // After the end nothing more is stored: the run may be at work again in another process.
    if (this.outcome !== null || this.sentence !== null) return;
    try {
      this.handle(message);
    } catch (error) {
      this.condemn({ status: "interrupted", failure: storeFailure(error) });
    }
  }

  private handle(message: FromWorker): void {
    const { project, live, events } = this.options;
    const { store } = project;
    const { runId } = this.options.start;
    switch (message.type) {
      case "ready":
        store.runs.update(runId, {
          backend: message.libraryVersion === "" ? message.backend : `${message.backend} ${message.libraryVersion}`,
          device: message.device,
        });
        live.changed(runId, true);
        return;
      case "dataset":
        this.checkDataset(message.fingerprint, message.description);
        return;
      case "resumed":
        this.resumed(message);
        return;
      case "batch":
        this.storeBatch(message);
        return;
      case "heartbeat":
        this.heartbeat(message);
        return;
      case "checkpoint":
      case "artifact": {
        const { artifact, old } = store.transaction(() => ({
          artifact: store.artifacts.add(runId, message.artifact, message.type === "checkpoint" ? message.step : undefined),
          old: message.type === "checkpoint" ? forgetOldCheckpoints(project, runId) : [],
        }));
        // A file that cannot be removed now is swept away before the run's next life, or with the run.
        for (const path of old) void rm(path, { force: true }).catch(() => undefined);
        events.emit("artifact.added", artifact);
        return;
      }
      case "roles":
        store.candidates.setRoles(runId, message.shortlist, message.random);
        store.anytime.setRoles(runId, message.shortlist, message.random);
        if (live.wants(runId))
          live.add(runId, { candidates: store.candidates.list(runId, { limit: 1_000_000 }).rows.filter((candidate) => candidate.role !== "none") });
        return;
      case "done":
        this.end({ status: "completed", failure: null, summary: message.summary });
        return;
      case "stopped":
        this.end({ status: "stopped", failure: null });
        return;
      case "failed":
        this.end({ status: "failed", failure: message.failure });
        return;
    }
  }

  private checkDataset(fingerprint: string, description: string): void {
    const { project, start, datasetFingerprint } = this.options;
    if (datasetFingerprint !== null && datasetFingerprint !== fingerprint) {
      this.condemn({
        status: "failed",
        failure: {
          message: `The images of ${start.config.dataset.id} are not those that this run began with.`,
          remedy: "Bring the former images back and resume the run, or start a new run on the new ones.",
          detail: `Fingerprint at the start: ${datasetFingerprint}\nFingerprint now: ${fingerprint} (${description})`,
        },
      });
      return;
    }
    project.store.runs.update(start.runId, { datasetFingerprint: fingerprint, datasetDescription: description });
  }

  private resumed(message: Extract<FromWorker, { type: "resumed" }>): void {
    const { project, live, start } = this.options;
    const { store } = project;
    const removed = store.transaction(() => {
      if (start.resumeFrom !== null) store.runs.update(start.runId, { resumedFrom: [...(store.runs.facts(start.runId)?.resumedFrom ?? []), message.step] });
      return store.truncateAfter(start.runId, message.keep, start.resumeFrom === null ? Number.NEGATIVE_INFINITY : message.step);
    });
    this.step = message.step;
    if (start.resumeFrom !== null) this.load = new SystemLoad(message.step);
    if (removed) live.rewound(start.runId);
    live.changed(start.runId, true);
  }

  private storeBatch(message: Extract<FromWorker, { type: "batch" }>): void {
    const { project, live, start, child, onProgress } = this.options;
    const { store } = project;
    const { runId } = start;
    const { trainingsFrom, logs } = store.transaction(() => {
      store.metrics.append(runId, message.metrics);
      store.candidates.append(runId, message.candidates);
      const trainingsFrom = store.trainings.count(runId);
      store.trainings.append(runId, message.trainings);
      store.anytime.appendCandidates(runId, message.anytimeCandidates ?? []);
      store.anytime.appendTrainings(runId, message.anytimeTrainings ?? []);
      store.runs.update(runId, { activeSeconds: this.activeSeconds, ...(message.progress === null ? {} : { progress: message.progress }) });
      return { trainingsFrom, logs: store.logs.append(runId, message.logs) };
    });
    // Only now may the child forget it.
    child.post({ type: "acknowledge", sequence: message.sequence });
    if (message.progress !== null) {
      this.step = message.progress.step;
      this.epoch = message.progress.epoch ?? 0;
    }
    live.add(runId, {
      metrics: message.metrics,
      logs,
      progress: message.progress,
      current: message.current,
      ...(message.candidates.length === 0 ? {} : { candidatesFrom: Math.min(...message.candidates.map((candidate) => candidate.index)) }),
      ...(message.trainings.length === 0 ? {} : { trainingsFrom }),
    });
    live.changed(runId, false);
    onProgress();
  }

  private heartbeat(message: Extract<FromWorker, { type: "heartbeat" }>): void {
    const { project, live, start } = this.options;
    const { store } = project;
    this.memoryBytes = message.memoryBytes;
    // Until it is known where the run goes on, a point could not be placed.
    if (this.step === null) return;
    const seconds = (performance.now() - this.begun) / 1000;
    const metrics = this.load.add(message, { step: this.step, epoch: this.epoch, wall: start.wallSecondsBefore + seconds, active: this.activeSeconds });
    store.transaction(() => {
      store.metrics.append(start.runId, metrics);
      store.runs.update(start.runId, { activeSeconds: this.activeSeconds });
    });
    if (metrics.length > 0) live.add(start.runId, { metrics });
    live.changed(start.runId, false);
  }

  private log(level: "info" | "warning", text: string): void {
    const { project, live, start } = this.options;
    try {
      live.add(start.runId, { logs: project.store.logs.append(start.runId, [{ time: new Date().toISOString(), level, text }]) });
    } catch {
      // A log line is not worth a run.
    }
  }

  private end(outcome: Outcome): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.options.child.kill(), LEAVE_MS);
    this.options.live.flush();
    this.options.onOutcome(outcome);
  }

  private gone(exit: ChildExit): void {
    if (this.outcome === null) {
      const output = this.output.toString();
      const sentence = this.sentence;
      if (sentence === null) this.end({ status: "interrupted", failure: explainDeath({ ...exit, output, memoryBytes: this.memoryBytes }) });
      else
        this.end({
          ...sentence,
          failure:
            sentence.failure === null || output === "" || sentence.failure.detail !== undefined ? sentence.failure : { ...sentence.failure, detail: output },
        });
    }
    if (this.timer !== null) clearTimeout(this.timer);
    this.options.onGone();
  }
}
