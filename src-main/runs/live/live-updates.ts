import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { MetricColumns } from "../../../src-shared/domain/metrics.ts";
import type { Candidate, LogLine, RunProgress } from "../../../src-shared/domain/records/run.ts";
import type { RunEventMap } from "../../../src-shared/domain/records/run-events.ts";
import { isStoreError } from "../../store/database/store-error.ts";
import type { StoreReader } from "../../store/store.ts";
import type { Emitter } from "./emitter.ts";

/** New data of a run. */
export interface LiveUpdate {
  readonly metrics?: readonly MetricColumns[];
  readonly logs?: readonly LogLine[];
  readonly progress?: RunProgress | null;
  readonly current?: { readonly name: string; readonly architecture: Architecture } | null;
  /** Candidates from this index on are new. */
  readonly candidatesFrom?: number;
  /** Trainings from this position on are new. */
  readonly trainingsFrom?: number;
  /** Candidates whose roles changed. */
  readonly candidates?: readonly Candidate[];
}

interface Pending {
  metrics: Map<string, MetricColumns[]>;
  logs: LogLine[];
  progress: RunProgress | null;
  current: LiveUpdate["current"];
  candidatesFrom: number;
  trainingsFrom: number;
  candidates: Candidate[];
}

/** Maximum delay of an update, in milliseconds. */
const LIVE_INTERVAL_MS = 100;
/** Minimum time between two `run.changed` events of one running run, in milliseconds. */
const CHANGED_INTERVAL_MS = 1000;

/**
 * Sends updates to windows. For runs that a window subscribed to, everything new in a tenth of a second is one event; for
 * for all other runs, only their row of the history is sent, once per second. Data without subscribers is not collected.
 */
export class LiveUpdates {
  private readonly store: StoreReader;
  private readonly events: Emitter<RunEventMap>;
  private readonly subscribers = new Map<string, ReadonlySet<string> | "all">();
  private readonly pending = new Map<string, Pending>();
  private readonly changedAt = new Map<string, number>();
  private readonly changedTimers = new Map<string, NodeJS.Timeout>();
  private timer: NodeJS.Timeout | null = null;

  constructor(store: StoreReader, events: Emitter<RunEventMap>) {
    this.store = store;
    this.events = events;
  }

  /** Sets the runs that a window subscribes to, replacing its earlier subscription; an empty list removes it. */
  subscribe(subscriber: string, runIds: readonly string[] | "all"): void {
    if (runIds.length === 0) this.subscribers.delete(subscriber);
    else this.subscribers.set(subscriber, runIds === "all" ? "all" : new Set(runIds));
  }

  wants(runId: string): boolean {
    for (const runIds of this.subscribers.values()) if (runIds === "all" || runIds.has(runId)) return true;
    return false;
  }

  add(runId: string, update: LiveUpdate): void {
    if (!this.wants(runId)) return;
    let pending = this.pending.get(runId);
    if (pending === undefined) {
      pending = { metrics: new Map(), logs: [], progress: null, current: null, candidatesFrom: Infinity, trainingsFrom: Infinity, candidates: [] };
      this.pending.set(runId, pending);
    }
    for (const columns of update.metrics ?? []) {
      const key = `${columns.name} ${columns.series}`;
      pending.metrics.set(key, [...(pending.metrics.get(key) ?? []), columns]);
    }
    pending.logs.push(...(update.logs ?? []));
    pending.progress = update.progress ?? pending.progress;
    pending.current = update.current ?? pending.current;
    pending.candidates.push(...(update.candidates ?? []));
    pending.candidatesFrom = Math.min(pending.candidatesFrom, update.candidatesFrom ?? Infinity);
    pending.trainingsFrom = Math.min(pending.trainingsFrom, update.trainingsFrom ?? Infinity);
    this.timer ??= setTimeout(() => this.flush(), LIVE_INTERVAL_MS);
  }

  /** Discards collected data of a run that has returned to a checkpoint. */
  rewound(runId: string): void {
    this.pending.delete(runId);
    this.events.emit("run.rewound", { runId });
  }

  /** Sends the row of a run: immediately (`now`) when its state changed, otherwise at most once per second. */
  changed(runId: string, now: boolean): void {
    const waiting = this.changedTimers.get(runId);
    const since = Date.now() - (this.changedAt.get(runId) ?? 0);
    if (now || since >= CHANGED_INTERVAL_MS) {
      clearTimeout(waiting);
      this.changedTimers.delete(runId);
      this.changedAt.set(runId, Date.now());
      this.reading(() => {
        const run = this.store.runs.get(runId);
        if (run !== null) this.events.emit("run.changed", run);
      });
    } else if (waiting === undefined) {
      this.changedTimers.set(
        runId,
        setTimeout(() => this.changed(runId, true), CHANGED_INTERVAL_MS - since),
      );
    }
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const due = [...this.pending];
    this.pending.clear();
    for (const [runId, pending] of due)
      this.reading(() => {
        const added = Number.isFinite(pending.candidatesFrom) ? this.store.candidates.from(runId, pending.candidatesFrom) : [];
        this.events.emit("run.live", {
          runId,
          metrics: [...pending.metrics.values()].map(joined),
          cursor: this.store.metrics.cursor(runId),
          progress: pending.progress,
          candidates: [...added, ...pending.candidates],
          trainings: Number.isFinite(pending.trainingsFrom) ? this.store.trainings.from(runId, pending.trainingsFrom) : [],
          logs: pending.logs,
          current: pending.current ?? null,
        });
      });
  }

  /** Drops an update that cannot be read now (the disk does not respond): windows read the store again later. */
  private reading(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!isStoreError(error)) throw error;
    }
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const timer of this.changedTimers.values()) clearTimeout(timer);
    this.changedTimers.clear();
    this.pending.clear();
    this.subscribers.clear();
  }
}

function joined(parts: readonly MetricColumns[]): MetricColumns {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first ?? { name: "", series: 0, step: [], epoch: [], wall: [], active: [], value: [] };
  return {
    name: first.name,
    series: first.series,
    step: parts.flatMap((part) => part.step),
    epoch: parts.flatMap((part) => part.epoch),
    wall: parts.flatMap((part) => part.wall),
    active: parts.flatMap((part) => part.active),
    value: parts.flatMap((part) => part.value),
  };
}
