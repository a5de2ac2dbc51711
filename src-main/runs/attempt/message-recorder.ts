import { rm } from "node:fs/promises";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import type { FromWorker, StartMessage } from "../../../src-shared/worker-protocol.ts";
import type { Project } from "../../store/project/project.ts";
import type { StoreReader } from "../../store/store.ts";
import type { ChildHandle } from "../child/launcher.ts";
import { SystemLoad } from "../child/system-load.ts";
import type { Emitter } from "../live/emitter.ts";
import type { LiveUpdates } from "../live/live-updates.ts";
import { allDiverged, type RunOutcome } from "../outcomes/run-outcome.ts";
import { forgetOldCheckpoints } from "./checkpoints.ts";

type Message<Type extends FromWorker["type"]> = Extract<FromWorker, { type: Type }>;

export interface MessageRecorderOptions {
  readonly project: Project;
  readonly live: LiveUpdates;
  readonly events: Emitter<RunEventMap>;
  readonly child: ChildHandle;
  readonly start: StartMessage;
  /** Fingerprint of the images that the run started with; null at its first start. */
  readonly datasetFingerprint: string | null;
  /** Called when progress was stored. */
  readonly onProgress: () => void;
  /** Ends the attempt: the run reported its own end. */
  readonly end: (outcome: RunOutcome) => void;
  /** Kills the process, because the run cannot continue. */
  readonly terminate: (outcome: RunOutcome) => void;
}

/** Stores what a run worker reports, each message in one transaction, and passes it on to listeners. */
export class MessageRecorder {
  /** Memory in the last heartbeat, in bytes. */
  memoryBytes: number | null = null;
  private readonly options: MessageRecorderOptions;
  private readonly startedAt = performance.now();
  private load = new SystemLoad(-1);
  private step: number | null = null;
  private epoch = 0;

  constructor(options: MessageRecorderOptions) {
    this.options = options;
  }

  /** Process seconds of the run over all attempts. */
  get activeSeconds(): number {
    return this.options.start.activeSecondsBefore + (performance.now() - this.startedAt) / 1000;
  }

  /** @throws SqliteError when the project cannot be written */
  record(message: FromWorker): void {
    const { project, live, end } = this.options;
    const { store } = project;
    const { runId } = this.options.start;
    switch (message.type) {
      case "ready":
        store.runs.update(runId, {
          backend: message.libraryVersion === "" ? message.backend : `${message.backend} ${message.libraryVersion}`,
          // Why a run does not use TensorFlow is one of its facts.
          device: message.fallbackReason === null ? message.device : `${message.device}. ${message.fallbackReason}`,
        });
        live.changed(runId, true);
        return;
      case "dataset":
        this.checkDataset(message);
        return;
      case "resumed":
        this.resumed(message);
        return;
      case "batch":
        this.batch(message);
        return;
      case "heartbeat":
        this.heartbeat(message);
        return;
      case "checkpoint":
      case "artifact":
        this.file(message);
        return;
      case "roles":
        store.candidates.setRoles(runId, message.shortlist, message.random);
        if (live.wants(runId))
          live.add(runId, { candidates: store.candidates.list(runId, { limit: 1_000_000 }).rows.filter((candidate) => candidate.role !== "none") });
        return;
      case "done":
        end(this.unusable() ?? { status: "completed", failure: null, summary: message.summary });
        return;
      case "stopped":
        end({ status: "stopped", failure: null });
        return;
      case "failed":
        end({ status: "failed", failure: message.failure });
        return;
    }
  }

  log(level: "info" | "warning", text: string): void {
    const { project, live, start } = this.options;
    try {
      live.add(start.runId, { logs: project.store.logs.append(start.runId, [{ time: new Date().toISOString(), level, text }]) });
    } catch {
      // A run must not end because a log line cannot be stored.
    }
  }

  /** How a training run ends if all its trainings diverged; null otherwise. A study continues with the ground truth that its other runs found. */
  private unusable(): RunOutcome | null {
    const { store } = this.options.project;
    const { runId, config } = this.options.start;
    const space = config.kind === "cell-training" ? "cell" : config.kind === "anytime-training" ? "anytime" : null;
    if (space === null || store.runs.get(store.runs.get(runId)?.parentId ?? "")?.kind === "study") return null;
    const trainings = store.trainings.in(space).listAll(runId);
    const reason = trainings[0]?.divergence;
    return reason !== undefined && trainings.every(({ divergence }) => divergence !== undefined) ? allDiverged("run", reason) : null;
  }

  /** All attempts of a run, and all stages of a pipeline or study, must use the same images. */
  private checkDataset({ fingerprint, description }: Message<"dataset">): void {
    const { project, start, datasetFingerprint, terminate } = this.options;
    const { store } = project;
    const parentId = store.runs.get(start.runId)?.parentId ?? null;
    const parentFingerprint = parentId === null ? null : fingerprintOfStages(store, parentId);
    const expected = datasetFingerprint ?? parentFingerprint;
    if (expected !== null && expected !== fingerprint) {
      const since = datasetFingerprint === null ? "the first stage ran" : "this run started";
      terminate({
        status: "failed",
        failure: {
          message: `The images of ${start.config.dataset.id} have changed since ${since}.`,
          remedy: "Restore the original images and resume the run, or start a new run on the new ones.",
          detail: `Fingerprint at the start: ${expected}\nFingerprint now: ${fingerprint} (${description})`,
        },
      });
      return;
    }
    const facts = { datasetFingerprint: fingerprint, datasetDescription: description };
    store.transaction(() => {
      store.runs.update(start.runId, facts);
      if (parentId !== null) store.runs.update(parentId, facts);
    });
  }

  private resumed(message: Message<"resumed">): void {
    const { project, live, start } = this.options;
    const { store } = project;
    const removed = store.transaction(() => {
      if (start.resumeFrom !== null) store.runs.update(start.runId, { resumedFrom: [...(store.runs.record(start.runId)?.resumedFrom ?? []), message.step] });
      return store.truncateAfter(start.runId, message.keep, start.resumeFrom === null ? Number.NEGATIVE_INFINITY : message.step);
    });
    this.step = message.step;
    if (start.resumeFrom !== null) this.load = new SystemLoad(message.step);
    if (removed) live.rewound(start.runId);
    live.changed(start.runId, true);
  }

  private batch(message: Message<"batch">): void {
    const { project, live, start, child, onProgress } = this.options;
    const { store } = project;
    const { runId } = start;
    const { trainingsFrom, logs } = store.transaction(() => {
      store.metrics.append(runId, message.metrics);
      store.candidates.append(runId, message.candidates);
      const trainingsFrom = store.trainings.count(runId);
      store.trainings.append(runId, message.trainings);
      store.runs.update(runId, { activeSeconds: this.activeSeconds, ...(message.progress === null ? {} : { progress: message.progress }) });
      return { trainingsFrom, logs: store.logs.append(runId, message.logs) };
    });
    // Acknowledge only now: until then, the child keeps what it has reported.
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

  private heartbeat(message: Message<"heartbeat">): void {
    const { project, live, start } = this.options;
    const { store } = project;
    this.memoryBytes = message.memoryBytes;
    // Until the run has reported where it continues, points have no step.
    if (this.step === null) return;
    const seconds = (performance.now() - this.startedAt) / 1000;
    const metrics = this.load.add(message, { step: this.step, epoch: this.epoch, wall: start.wallSecondsBefore + seconds, active: this.activeSeconds });
    store.transaction(() => {
      store.metrics.append(start.runId, metrics);
      store.runs.update(start.runId, { activeSeconds: this.activeSeconds });
    });
    if (metrics.length > 0) live.add(start.runId, { metrics });
    live.changed(start.runId, false);
  }

  private file(message: Message<"checkpoint" | "artifact">): void {
    const { project, events, start } = this.options;
    const { store } = project;
    const { artifact, old } = store.transaction(() => ({
      artifact: store.artifacts.add(start.runId, message.artifact, message.type === "checkpoint" ? message.step : undefined),
      old: message.type === "checkpoint" ? forgetOldCheckpoints(project, start.runId) : [],
    }));
    // A file that cannot be removed now is removed before the next attempt or together with the run.
    for (const path of old) void rm(path, { force: true }).catch(() => undefined);
    events.emit("artifact.added", artifact);
  }
}

/** Fingerprint of the images that the stages of a run use; null until one has opened them. */
function fingerprintOfStages(store: StoreReader, runId: string): string | null {
  for (const id of [runId, ...store.runs.children(runId).map((stage) => stage.id)]) {
    const fingerprint = store.runs.record(id)?.datasetFingerprint ?? null;
    if (fingerprint !== null) return fingerprint;
  }
  return null;
}
