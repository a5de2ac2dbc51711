import path from "node:path";
import { lastLine, runCommand } from "../../src-main/lib/commands.ts";
import { installation } from "../../src-main/lib/places.ts";
import type { PartReport } from "../lib/report.ts";
import { median, type Row, row } from "../lib/samples.ts";

interface StepRun {
  readonly backend: string;
  readonly times: readonly number[];
  readonly losses: readonly number[];
}

async function steps(backend: string, threads: number, count: number): Promise<StepRun> {
  const { code, output } = await runCommand(process.execPath, [
    path.join(installation, "bench", "processes", "ghn-steps.ts"),
    backend,
    String(threads),
    String(count),
  ]);
  if (code !== 0) throw new Error(lastLine(output));
  return JSON.parse(lastLine(output)) as StepRun;
}

/** Compares the wasm backend with TensorFlow on the same steps, each in its own process with one thread. */
export async function fallbackPart(): Promise<PartReport> {
  const tensorflow = await steps("tensorflow", 1, 6);
  const wasm = await steps("wasm", 1, 6);
  const ratio = median(wasm.times) / median(tensorflow.times);
  const apart = Math.max(...tensorflow.losses.map((loss, i) => Math.abs(loss - (wasm.losses[i] ?? Number.NaN))));
  return {
    part: "fallback",
    title: "GHN step, `quick` shapes, N = 7, batch 32, one thread",
    rows: [row(tensorflow.backend, tensorflow.times), row(wasm.backend, wasm.times, "ms", `${ratio.toFixed(1)} × TensorFlow`)],
    remarks: [
      `Largest difference between losses: ${apart.toExponential(1)}.`,
      `Goal of at most 4 × TensorFlow: ${ratio <= 4 ? "met" : "missed"} (${ratio.toFixed(1)}).`,
    ],
  };
}

/** Compares one process with two threads and two processes with one thread each, in steps per second. */
export async function childrenPart(): Promise<PartReport> {
  const alone = await steps("tensorflow", 2, 10);
  const single = await steps("tensorflow", 1, 10);
  const both = await Promise.all([steps("tensorflow", 1, 10), steps("tensorflow", 1, 10)]);
  const rate = (runs: readonly StepRun[]): number => runs.reduce((sum, run) => sum + 1000 / median(run.times), 0);
  const rows: Row[] = [
    row("one process, one thread", [rate([single])], "steps/s"),
    row("one process, two threads", [rate([alone])], "steps/s"),
    row("two processes, one thread each", [rate(both)], "steps/s"),
  ];
  return { part: "children", title: "One process or two, GHN steps of `quick` shapes", rows, remarks: [] };
}
