import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { createProject } from "../../src-main/store/project/project.ts";
import { runConfigSchema } from "../../src-shared/domain/config/run-config.ts";
import type { MetricColumns } from "../../src-shared/domain/metrics.ts";
import type { PartReport } from "../lib/report.ts";
import { row } from "../lib/samples.ts";

const NAMES = ["ghn/loss", "ghn/accuracy", "ghn/gradient-norm", "learning-rate", "images-per-second"];
const SECONDS = 5;
const PER_BATCH = 1000;
/** Goal in points per second. */
const GOAL_RATE = 50_000;

interface Ingested {
  readonly batchTimes: readonly number[];
  readonly rate: number;
  /** Delays of the event loop in milliseconds. */
  readonly longestDelay: number;
  readonly delay99: number;
}

/** Stores metric points in a real project like the supervisor does: one transaction per batch, with the event loop running in between. First at the maximum rate, then at the goal's rate. */
export async function ingestionPart(): Promise<PartReport> {
  const most = await ingest(null);
  const paced = await ingest(GOAL_RATE);
  return {
    part: "ingestion",
    title: "Storing metrics in SQLite",
    rows: [
      row("batch of 1,000 points", most.batchTimes),
      row("points per second", [most.rate], "1/s"),
      row("longest delay of the event loop", [most.longestDelay]),
      row("batch of 1,000 points, 50,000 per second", paced.batchTimes),
      row("longest delay of the event loop, 50,000 per second", [paced.longestDelay]),
    ],
    remarks: [
      `Goal of 50,000 points per second: ${most.rate >= GOAL_RATE ? "met" : "missed"}.`,
      `Goal of never blocking the event loop longer than 20 ms at that rate: ${paced.longestDelay <= 20 ? "met" : "missed"} (99 % within ${paced.delay99.toFixed(1)} ms; at the maximum rate ${most.longestDelay.toFixed(1)} ms, 99 % within ${most.delay99.toFixed(1)} ms).`,
    ],
  };
}

/** @param pace points per second, or null for the maximum rate */
async function ingest(pace: number | null): Promise<Ingested> {
  const folder = mkdtempSync(path.join(tmpdir(), "ghn-bench-"));
  const project = createProject(path.join(folder, "project"), "Benchmark");
  const delay = monitorEventLoopDelay({ resolution: 1 });
  try {
    const { store } = project;
    const runId = store.runs.create({ name: "bench", config: runConfigSchema.parse({ kind: "ghn-training" }), codeVersion: "0" });
    const batchTimes: number[] = [];
    let step = 0;
    let points = 0;
    delay.enable();
    const start = performance.now();
    while (performance.now() - start < SECONDS * 1000) {
      const batch = NAMES.map((name): MetricColumns => {
        const steps = Array.from({ length: PER_BATCH / NAMES.length }, (_, i) => step + i);
        return {
          name,
          series: 0,
          step: steps,
          epoch: steps.map((s) => s / 100),
          wall: steps.map((s) => s / 10),
          active: steps.map((s) => s / 10),
          value: steps.map((s) => Math.sin(s)),
        };
      });
      step += PER_BATCH / NAMES.length;
      const from = performance.now();
      store.transaction(() => store.metrics.append(runId, batch));
      batchTimes.push(performance.now() - from);
      points += PER_BATCH;
      if (pace === null) await new Promise((resolve) => setImmediate(resolve));
      else await setTimeout(Math.max(0, start + (points / pace) * 1000 - performance.now()));
    }
    const seconds = (performance.now() - start) / 1000;
    delay.disable();
    return { batchTimes, rate: points / seconds, longestDelay: delay.max / 1e6, delay99: delay.percentile(99) / 1e6 };
  } finally {
    project.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
