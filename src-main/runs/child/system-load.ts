import type { MetricColumns, MetricName } from "../../../src-shared/domain/metrics.ts";
import type { FromWorker } from "../../../src-shared/worker-protocol.ts";

type Heartbeat = Extract<FromWorker, { type: "heartbeat" }>;

interface Sample {
  sum: number;
  highest: number;
  count: number;
}

/**
 * Turns heartbeats into curves. A point belongs to a step of the run, so that the load is plotted against the same axis
 * as the other curves and is truncated with them when the run resumes. All heartbeats of one step become one point: the
 * mean of percentages, the maximum of memory (MB).
 */
export class SystemLoad {
  private lastStep: number;
  private readonly samples = new Map<MetricName, Sample>();

  /** @param lastStep step of the last stored point; −1 when there is none */
  constructor(lastStep: number) {
    this.lastStep = lastStep;
  }

  /** Points to store after this heartbeat; none while the run is still at the step of the last point. */
  add(beat: Heartbeat, at: { readonly step: number; readonly epoch: number; readonly wall: number; readonly active: number }): MetricColumns[] {
    this.note("system/cpu", beat.cpuPercent);
    this.note("system/memory", beat.memoryBytes / 1e6);
    this.note("system/gpu", beat.gpuPercent);
    this.note("system/gpu-memory", beat.gpuMemoryBytes === null ? null : beat.gpuMemoryBytes / 1e6);
    if (at.step <= this.lastStep) return [];
    this.lastStep = at.step;
    const columns = [...this.samples].map(([name, sample]) => ({
      name,
      series: 0,
      step: [at.step],
      epoch: [at.epoch],
      wall: [at.wall],
      active: [at.active],
      value: [name === "system/cpu" || name === "system/gpu" ? sample.sum / sample.count : sample.highest],
    }));
    this.samples.clear();
    return columns;
  }

  private note(name: MetricName, value: number | null): void {
    if (value === null) return;
    const sample = this.samples.get(name);
    if (sample === undefined) this.samples.set(name, { sum: value, highest: value, count: 1 });
    else {
      sample.sum += value;
      sample.highest = Math.max(sample.highest, value);
      sample.count += 1;
    }
  }
}
