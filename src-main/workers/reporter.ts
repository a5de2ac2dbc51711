import type { Architecture } from "../../src-shared/domain/architecture/network.ts";
import type { MetricColumns, MetricName } from "../../src-shared/domain/metrics.ts";
import type { LogLine, RunProgress } from "../../src-shared/domain/records/run.ts";
import type { CandidateMessage, FromWorker, TrainingMessage } from "../../src-shared/worker-protocol.ts";

/** Minimum time between two batches in milliseconds: at most 10 per second. */
const BATCH_INTERVAL_MS = 100;
/** Maximum number of unacknowledged batches; beyond this, points wait and are merged into later batches. */
const MAX_UNACKNOWLEDGED = 20;

interface MutableColumns {
  name: string;
  series: number;
  step: number[];
  epoch: number[];
  wall: number[];
  active: number[];
  value: (number | null)[];
}

export interface ReporterClock {
  /** Process seconds of earlier attempts. */
  readonly activeBefore: number;
  /** Wall seconds between the first start of the run and this start. */
  readonly wallBefore: number;
}

/** Collects what a run reports and sends it in batches; the supervisor stores each batch in one transaction. */
export class Reporter {
  private readonly post: (message: FromWorker) => void;
  private readonly clock: ReporterClock;
  private readonly startedAt = performance.now();
  private columns = new Map<string, MutableColumns>();
  private candidates: CandidateMessage[] = [];
  private trainings: TrainingMessage[] = [];
  private logs: Omit<LogLine, "id" | "runId">[] = [];
  private currentProgress: RunProgress | null = null;
  private currentCell: { name: string; architecture: Architecture } | null = null;
  private dirty = false;
  private lastSent = 0;
  private sequence = 0;
  private acknowledged = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(post: (message: FromWorker) => void, clock: ReporterClock) {
    this.post = post;
    this.clock = clock;
  }

  /** Process seconds of this run over all attempts. */
  get activeSeconds(): number {
    return this.clock.activeBefore + (performance.now() - this.startedAt) / 1000;
  }

  /** Seconds since the run first started, pauses included. */
  get wallSeconds(): number {
    return this.clock.wallBefore + (performance.now() - this.startedAt) / 1000;
  }

  /** One point of a curve. A value that is not finite is stored as a gap. */
  metric(name: MetricName, step: number, epoch: number, value: number, series = 0): void {
    const key = `${name} ${series}`;
    let columns = this.columns.get(key);
    if (columns === undefined) {
      columns = { name, series, step: [], epoch: [], wall: [], active: [], value: [] };
      this.columns.set(key, columns);
    }
    columns.step.push(step);
    columns.epoch.push(epoch);
    columns.wall.push(this.wallSeconds);
    columns.active.push(this.activeSeconds);
    columns.value.push(Number.isFinite(value) ? value : null);
    this.touch();
  }

  candidate(candidate: CandidateMessage): void {
    this.candidates.push(candidate);
    this.touch();
  }

  training(training: TrainingMessage): void {
    this.trainings.push(training);
    this.touch();
  }

  log(level: LogLine["level"], text: string): void {
    this.logs.push({ time: new Date().toISOString(), level, text });
    this.touch();
  }

  progress(progress: RunProgress): void {
    this.currentProgress = progress;
    this.touch();
  }

  current(name: string, architecture: Architecture): void {
    this.currentCell = { name, architecture };
    this.touch();
  }

  /** The supervisor has stored everything up to this batch. */
  acknowledge(sequence: number): void {
    this.acknowledged = Math.max(this.acknowledged, sequence);
    if (this.dirty) this.touch();
  }

  /** Sends what is due now; called after each step because a long step keeps timers waiting. */
  tick(): void {
    if (this.dirty && performance.now() - this.lastSent >= BATCH_INTERVAL_MS) this.flush(false);
  }

  /** Sends everything collected. With `force`, even if many batches are still unacknowledged (before an end message). */
  flush(force = true): void {
    if (!this.dirty) return;
    if (!force && this.sequence - this.acknowledged >= MAX_UNACKNOWLEDGED) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.sequence += 1;
    const metrics: MetricColumns[] = [...this.columns.values()];
    this.post({
      type: "batch",
      sequence: this.sequence,
      metrics,
      candidates: this.candidates,
      trainings: this.trainings,
      logs: this.logs,
      progress: this.currentProgress,
      current: this.currentCell,
    });
    this.columns = new Map();
    this.candidates = [];
    this.trainings = [];
    this.logs = [];
    this.currentCell = null;
    this.dirty = false;
    this.lastSent = performance.now();
  }

  private touch(): void {
    this.dirty = true;
    if (this.timer === null)
      this.timer = setTimeout(() => {
        this.timer = null;
        this.flush(false);
      }, BATCH_INTERVAL_MS);
  }
}
