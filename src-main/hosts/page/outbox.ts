/**
 * Events on their way to one page. While the page keeps up they are sent immediately; otherwise they are merged, so that
 * the amount waiting is bounded by the number of runs, not by time. A slow page never slows a run.
 */
import type { EventMap } from "../../../src-shared/contract.ts";
import type { MetricColumns } from "../../../src-shared/domain/metrics.ts";
import type { StudioEvent } from "../../api/services/session.ts";

type Live = EventMap["run.live"];

/** Maximum number of waiting points per run; beyond that the page is told to fetch the series again, which is cheaper. */
const MAX_WAITING_POINTS = 20_000;
/** Maximum number of waiting log lines per run; the oldest are dropped. */
const MAX_WAITING_ROWS = 10_000;
const MAX_WAITING_COMMANDS = 100;

export interface OutboxOptions {
  /** Sends one event now. */
  readonly send: (event: StudioEvent) => void;
  /** True while the page should not receive more. */
  readonly congested: () => boolean;
  /** How often to check whether the page keeps up again, in ms; 50 by default. */
  readonly retryMs?: number;
  readonly maxPoints?: number;
}

export class Outbox {
  private readonly options: OutboxOptions;
  /** Waiting events, keyed by what they replace, in order of first arrival. */
  private readonly held = new Map<string, StudioEvent>();
  private timer: NodeJS.Timeout | null = null;
  private serial = 0;
  private closed = false;

  constructor(options: OutboxOptions) {
    this.options = options;
  }

  /** Number of waiting events. */
  get waiting(): number {
    return this.held.size;
  }

  push(event: StudioEvent): void {
    if (this.closed) return;
    if (this.held.size === 0 && !this.options.congested()) {
      this.options.send(event);
      return;
    }
    this.hold(event);
    this.schedule();
  }

  close(): void {
    this.closed = true;
    this.held.clear();
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private hold(event: StudioEvent): void {
    const waiting = this.held;
    switch (event.name) {
      case "run.live": {
        const { runId } = event.payload;
        const key = `live:${runId}`;
        const before = waiting.get(key);
        const merged = before?.name === "run.live" ? mergeLive(before.payload, event.payload) : event.payload;
        if (countPoints(merged.metrics) > (this.options.maxPoints ?? MAX_WAITING_POINTS)) {
          waiting.set(`rewound:${runId}`, { name: "run.rewound", payload: { runId } });
          waiting.set(key, { name: "run.live", payload: { ...merged, metrics: [] } });
        } else waiting.set(key, { name: "run.live", payload: merged });
        break;
      }
      case "run.rewound":
        // Points from before the rewind are obsolete.
        waiting.delete(`live:${event.payload.runId}`);
        waiting.set(`rewound:${event.payload.runId}`, event);
        break;
      case "run.changed":
        waiting.set(`run:${event.payload.id}`, event);
        break;
      case "run.removed":
        for (const kind of ["run", "live", "rewound"]) waiting.delete(`${kind}:${event.payload.runId}`);
        waiting.set(`removed:${event.payload.runId}`, event);
        break;
      case "dataset.progress":
        waiting.set(`dataset:${event.payload.id}`, event);
        break;
      case "project.changed":
        waiting.set("project", event);
        break;
      case "artifact.added":
        waiting.set(`artifact:${event.payload.id}`, event);
        break;
      case "command":
        this.serial += 1;
        waiting.delete(`command:${this.serial - MAX_WAITING_COMMANDS}`);
        waiting.set(`command:${this.serial}`, event);
        break;
    }
  }

  private schedule(): void {
    if (this.timer !== null || this.closed) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.flush();
    }, this.options.retryMs ?? 50);
    this.timer.unref();
  }

  private flush(): void {
    for (const [key, event] of this.held) {
      if (this.options.congested()) break;
      this.held.delete(key);
      this.options.send(event);
    }
    if (this.held.size > 0) this.schedule();
  }
}

function countPoints(metrics: readonly MetricColumns[]): number {
  return metrics.reduce((sum, columns) => sum + columns.step.length, 0);
}

/** Merges two live updates of a run; for single values the later one wins. */
export function mergeLive(before: Live, after: Live): Live {
  return {
    runId: after.runId,
    metrics: mergeMetrics(before.metrics, after.metrics),
    cursor: after.cursor,
    progress: after.progress ?? before.progress,
    candidates: mergeById(before.candidates, after.candidates),
    trainings: mergeById(before.trainings, after.trainings),
    logs: [...before.logs, ...after.logs].slice(-MAX_WAITING_ROWS),
    current: after.current ?? before.current,
  };
}

function mergeMetrics(before: readonly MetricColumns[], after: readonly MetricColumns[]): MetricColumns[] {
  const merged = new Map(before.map((columns) => [`${columns.series} ${columns.name}`, columns]));
  for (const columns of after) {
    const key = `${columns.series} ${columns.name}`;
    const first = merged.get(key);
    merged.set(
      key,
      first === undefined
        ? columns
        : {
            name: columns.name,
            series: columns.series,
            step: first.step.concat(columns.step),
            epoch: first.epoch.concat(columns.epoch),
            wall: first.wall.concat(columns.wall),
            active: first.active.concat(columns.active),
            value: first.value.concat(columns.value),
          },
    );
  }
  return [...merged.values()];
}

function mergeById<Row extends { readonly id: number }>(before: readonly Row[], after: readonly Row[]): Row[] {
  const rows = new Map(before.map((row) => [row.id, row]));
  for (const row of after) rows.set(row.id, row);
  return [...rows.values()];
}
