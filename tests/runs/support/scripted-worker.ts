/**
 * A run worker that computes nothing but implements the whole protocol on the real port. Its behaviour is determined by
 * GHN_TEST_SCRIPT; its "curve" depends on seed and step only, so that a resumed run can be compared with an uninterrupted one.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { writeFileAtomic } from "../../../src-main/lib/files.ts";
import { processPort } from "../../../src-main/workers/port.ts";
import type { CellCandidateMessage, CellTrainingMessage, FromWorker, ToWorker } from "../../../src-shared/worker-protocol.ts";

type Start = Extract<ToWorker, { type: "start" }>;
type Batch = Extract<FromWorker, { type: "batch" }>;

const port = processPort();
const script = process.env.GHN_TEST_SCRIPT ?? "complete";
const [behaviour = "complete", argument = "0"] = script.split(":");
const STEPS = 40;
const EVERY = 10;
let sequence = 0;
let acknowledged = 0;
let stop = false;

port.onMessage((message) => {
  if (message.type === "stop") stop = true;
  if (message.type === "acknowledge") acknowledged = Math.max(acknowledged, message.sequence);
  if (message.type === "start") void run(message);
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function batch(part: Partial<Batch>): void {
  sequence += 1;
  port.post({ type: "batch", sequence, metrics: [], candidates: [], trainings: [], logs: [], progress: null, current: null, ...part });
}

const valueAt = (seed: number, step: number): number => Math.sin(seed * 1000 + step) + 2;

async function checkpoint(start: Start, step: number): Promise<void> {
  const name = `checkpoint-${String(step).padStart(9, "0")}.safetensors`;
  const data = Buffer.from(JSON.stringify({ step, filler: "x".repeat(500) }));
  await writeFileAtomic(join(start.artifactFolder, name), data);
  port.post({
    type: "checkpoint",
    step,
    artifact: {
      kind: "checkpoint",
      name,
      path: `artifacts/${basename(start.artifactFolder)}/${name}`,
      bytes: data.byteLength,
      sha256: createHash("sha256").update(data).digest("hex"),
    },
  });
}

async function artifact(start: Start, kind: "ghn" | "weights", name: string): Promise<void> {
  const data = Buffer.from(`${kind} of ${start.runId}`);
  await writeFileAtomic(join(start.artifactFolder, name), data);
  port.post({
    type: "artifact",
    artifact: {
      kind,
      name,
      path: `artifacts/${basename(start.artifactFolder)}/${name}`,
      bytes: data.byteLength,
      sha256: createHash("sha256").update(data).digest("hex"),
    },
  });
}

async function run(start: Start): Promise<void> {
  const { config } = start;
  port.post({ type: "ready", backend: "scripted", device: "none", libraryVersion: "1", fallbackReason: null, pid: process.pid });
  port.post({
    type: "dataset",
    fingerprint:
      (behaviour === "other-images" && start.activeSecondsBefore > 0) || (behaviour === "other-images-for" && config.kind === argument)
        ? "sha256:other"
        : "sha256:images",
    description: "test",
  });
  const from = start.resumeFrom === null ? 0 : (JSON.parse(readFileSync(start.resumeFrom, "utf8")) as { step: number }).step;
  port.post({ type: "resumed", step: from, keep: { stepOfSeries: from === 0 ? {} : { "0": from }, candidates: 0, trainings: 0 } });
  port.post({ type: "heartbeat", cpuPercent: 100, memoryBytes: 5e7, gpuPercent: null, gpuMemoryBytes: null });
  if (behaviour === "silent") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (behaviour === "flood") return flood(Number(argument), from);
  for (let step = from + 1; step <= STEPS; step++) {
    if (stop && behaviour !== "ignore-stop") {
      await checkpoint(start, step - 1);
      port.post({ type: "stopped", step: step - 1 });
      port.close();
      return;
    }
    batch({
      metrics: [
        {
          name: "ghn/loss",
          series: 0,
          step: [step],
          epoch: [step / 10],
          wall: [start.wallSecondsBefore + step],
          active: [start.activeSecondsBefore + step],
          value: [valueAt(config.seed, step)],
        },
      ],
      progress: { phase: "Working", step, totalSteps: STEPS, epoch: step / 10, secondsLeft: STEPS - step },
      logs: step === 1 ? [{ time: new Date().toISOString(), level: "info", text: `begun with GPU ${process.env.CUDA_VISIBLE_DEVICES ?? "unset"}` }] : [],
    });
    // The script names the seed that fails, so other runs of the same project succeed.
    if (behaviour === "crash" && step === Number(argument) && from < step && start.resumeFrom === null)
      await die(() => process.exit(3), "Something broke: no such kernel");
    if (behaviour === "memory" && step === Number(argument))
      await die(() => process.abort(), "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory");
    if (behaviour === "fail" && step === Number(argument)) {
      port.post({ type: "failed", failure: { message: "The training diverged.", remedy: "Lower the learning rate." } });
      port.close();
      return;
    }
    if (step % EVERY === 0 && step < STEPS) await checkpoint(start, step);
    while ((behaviour === "wait" || behaviour === "ignore-stop") && step === Number(argument) && (behaviour === "ignore-stop" || !stop)) {
      port.post({ type: "heartbeat", cpuPercent: 1, memoryBytes: 5e7, gpuPercent: null, gpuMemoryBytes: null });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await turn();
  }
  await results(start);
  port.close();
}

/** Everything posted so far is sent before the process exits. */
async function die(end: () => void, words: string): Promise<void> {
  while (acknowledged < sequence) await turn();
  process.stderr.write(`${words}\n`, end);
  await new Promise(() => undefined);
}

async function flood(batches: number, from: number): Promise<void> {
  const points = Array.from({ length: 200 }, (_, i) => i);
  let most = 0;
  for (let i = 0; i < batches; i++) {
    while (sequence - acknowledged >= 20) await turn();
    const step = points.map((p) => from + i * 200 + p + 1);
    batch({ metrics: [{ name: "ghn/loss", series: 0, step, epoch: step, wall: step, active: step, value: step }] });
    most = Math.max(most, sequence - acknowledged);
  }
  while (acknowledged < sequence) await turn();
  port.post({ type: "done", summary: { mostUnacknowledged: most } });
  port.close();
}

const architecture = { normal: { nodes: [{ operation: "sepConv3x3" as const, inputs: [0, 1] }] } };

/** Plausible results for the kind of run, as a pipeline needs them. */
async function results(start: Start): Promise<void> {
  const { config } = start;
  if (config.kind === "ghn-training") {
    await artifact(start, "ghn", "ghn.safetensors");
    port.post({ type: "done", summary: { steps: STEPS } });
    return;
  }
  if (config.kind === "search") {
    readFileSync(start.ghnFile ?? "");
    const { samples, randomBaseline, shortlist } = config.search;
    const candidates = Array.from({ length: samples + randomBaseline }, (_, index): CellCandidateMessage => {
      const score = index < samples ? 0.5 + index / 1000 : 0.4 + index / 10_000;
      return {
        space: "cell",
        index,
        name: index < samples ? `Cell ${index}` : `Random ${index}`,
        canonical: `c${index}`,
        architecture,
        parameters: 1000 + index,
        multiplyAdds: 2000 + index,
        score,
        scoreLoss: 1,
        role: index < samples ? "none" : "random",
        generationMs: 1,
        evaluationMs: 1,
      };
    });
    batch({ candidates });
    const best = candidates
      .slice(0, samples)
      .sort((a, b) => (b.score ?? 0) - (a.score ?? 0))
      .slice(0, shortlist);
    port.post({ type: "roles", shortlist: best.map((candidate) => candidate.index), random: candidates.slice(samples).map((candidate) => candidate.index) });
    port.post({ type: "done", summary: { cellsScored: samples, randomBaseline } });
    return;
  }
  if (config.kind !== "cell-training") throw new Error("A pipeline is never sent to a worker.");
  const trainings = start.subjects
    .filter((subject) => subject.space === "cell")
    .flatMap((cell) =>
      Array.from({ length: config.training.repetitions }, (_, repetition): CellTrainingMessage => {
        const accuracy = 0.3 + (cell.score ?? 0) + repetition / 1000;
        return {
          space: "cell",
          candidateId: cell.candidateId,
          name: cell.name,
          canonical: cell.canonical,
          architecture: cell.architecture,
          role: cell.role,
          repetition,
          seed: config.seed + 1000 * repetition,
          epochs: config.training.epochs,
          parameters: 1234,
          multiplyAdds: 5678,
          score: cell.score,
          validationAccuracy: accuracy,
          testAccuracy: config.measureTest ? accuracy - 0.01 : null,
          trainLoss: 0.1,
          seconds: 1,
          ...(behaviour === "diverge" && argument.split(",").includes(cell.name) ? { divergence: "The loss at the end is not finite." } : {}),
        };
      }),
    );
  for (const [i] of trainings.entries()) await artifact(start, "weights", `weights-${i}.safetensors`);
  batch({ trainings });
  port.post({ type: "done", summary: { trainings: trainings.length } });
}
