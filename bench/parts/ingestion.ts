import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createProject } from "../../src-main/store/index.ts";
import type { MetricColumns } from "../../src-shared/domain/metrics.ts";
import { runConfigSchema } from "../../src-shared/domain/run-config.ts";
import { row } from "../measure.ts";
import type { PartReport } from "../report.ts";

const NAMES = ["ghn/loss", "ghn/accuracy", "ghn/gradient-norm", "learning-rate", "images-per-second"];
const SECONDS = 5;

/** Metric points into a real project as the supervisor stores them: one transaction a batch, turns of the event loop between. */
export async function ingestionPart(): Promise<PartReport> {
  const folder = mkdtempSync(path.join(tmpdir(), "ghn-bench-"));
  const project = createProject(path.join(folder, "project"), "Benchmark");
  const delay = monitorEventLoopDelay({ resolution: 1 });
  try {
    const { store } = project;
    const runId = store.runs.create({ name: "bench", config: runConfigSchema.parse({ kind: "ghn-training" }), codeVersion: "0" });
    const batchTimes: number[] = [];
    const perBatch = 1000;
    let step = 0;
    let points = 0;
    delay.enable();
    const start = performance.now();
    while (performance.now() - start < SECONDS * 1000) {
      const batch = NAMES.map((name): MetricColumns => {
        const steps = Array.from({ length: perBatch / NAMES.length }, (_, i) => step + i);
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
      step += perBatch / NAMES.length;
      const from = performance.now();
      store.transaction(() => store.metrics.append(runId, batch));
      batchTimes.push(performance.now() - from);
      points += perBatch;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const seconds = (performance.now() - start) / 1000;
    delay.disable();
    const rate = points / seconds;
    const longest = batchTimes.reduce((most, time) => Math.max(most, time), 0);
    return {
      part: "ingestion",
      title: "Metrics into SQLite",
      rows: [row("batch of 1,000 points", batchTimes), row("points a second", [rate], "1/s"), row("longest batch", [longest])],
      remarks: [
        `Goal of 50,000 points a second: ${rate >= 50_000 ? "met" : "missed"}.`,
        `Goal of never blocking longer than 20 ms: ${longest <= 20 ? "met" : "missed"} (99th percentile of the event loop's delay ${(delay.percentile(99) / 1e6).toFixed(1)} ms).`,
      ],
    };
  } finally {
    project.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
