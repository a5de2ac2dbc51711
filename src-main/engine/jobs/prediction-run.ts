import type { PredictionRun } from "../../../src-shared/domain/config/study-config.ts";
import type { CandidateMessage } from "../../../src-shared/worker-protocol.ts";
import { tf } from "../backend/ops/tf.ts";
import { COST_PREFIX } from "../baselines/cost-names.ts";
import { proxyScores } from "../baselines/zero-cost-proxies.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import { Rng } from "../random.ts";
import type { Proposal } from "../search/strategy.ts";
import { studyCells } from "../search/study-cells.ts";
import { buildPlan } from "../spaces/cell/plan.ts";
import { CellTrainer } from "../training/cell-trainer.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { RunContext, RunEnd } from "./run-context.ts";
import { Throughput } from "./timing.ts";

interface PredictionState {
  readonly done: readonly CandidateMessage[];
  /** Milliseconds that each predictor took over all cells that are done. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** Measures proxies and short trainings on the cells of a study, cell by cell. A resumed run goes on with the next cell. */
export async function runPrediction(bench: Workbench, config: PredictionRun, context: RunContext, checkpoint: Checkpoint | null): Promise<RunEnd> {
  const saved = checkpoint?.state as PredictionState | undefined;
  const done: CandidateMessage[] = [...(saved?.done ?? [])];
  const milliseconds: Record<string, number> = { ...saved?.milliseconds };
  const cells = studyCells(config);
  const { predictors } = config;
  // One batch for all proxies, the first images of the training part.
  const proxyBatch = bench.trainBatches.make(bench.split.train.slice(0, predictors.proxyImages));
  const images = tf.tensor4d(proxyBatch.images, [...proxyBatch.shape]);
  const labels = tf.tensor1d(proxyBatch.labels, "int32");
  const throughput = new Throughput(performance.now() / 1000, 60);
  const save = (): Promise<void> =>
    context.saveCheckpoint(done.length, new Map(), { done, milliseconds } satisfies PredictionState, {
      stepOfSeries: { "0": done.length },
      candidates: done.length,
      trainings: 0,
    });
  try {
    for (let index = done.length; index < cells.length; index++) {
      const proposal = cells[index];
      if (proposal === undefined) break;
      const name = `Cell ${index}`;
      context.current(name, proposal.architecture);
      const predicted = await predict(bench, config, proposal, index, name, { images, labels }, context);
      if (predicted === null) {
        await save();
        return { type: "stopped", step: done.length };
      }
      const { candidate } = predicted;
      for (const [predictor, ms] of Object.entries(predicted.milliseconds)) milliseconds[predictor] = (milliseconds[predictor] ?? 0) + ms;
      done.push(candidate);
      context.candidate(candidate);
      throughput.add(1, performance.now() / 1000);
      const secondsLeft = throughput.secondsFor(cells.length - done.length);
      context.progress({ phase: "Measuring predictors", step: done.length, totalSteps: cells.length, ...(secondsLeft === undefined ? {} : { secondsLeft }) });
      await context.breathe();
      if (context.stopRequested && done.length < cells.length) {
        await save();
        return { type: "stopped", step: done.length };
      }
      if (context.checkpointDue) await save();
    }
    await save();
    const costs = Object.entries(milliseconds).map(([predictor, ms]) => [COST_PREFIX + predictor, ms / Math.max(1, done.length)] as const);
    return { type: "done", summary: { cells: done.length, predictors: Object.keys(done[0]?.predictions ?? {}).length, ...Object.fromEntries(costs) } };
  } finally {
    tf.dispose([images, labels]);
  }
}

/** All predictions of one cell; null when a stop was asked for in the middle. */
async function predict(
  bench: Workbench,
  config: PredictionRun,
  { architecture, canonical }: Proposal,
  index: number,
  name: string,
  batch: { readonly images: Parameters<typeof proxyScores>[2]; readonly labels: Parameters<typeof proxyScores>[3] },
  context: RunContext,
): Promise<{ readonly candidate: CandidateMessage; readonly milliseconds: Readonly<Record<string, number>> } | null> {
  const { predictors, network, seed } = config;
  const plan = buildPlan(architecture, network, bench.input);
  const start = performance.now();
  const predictions: Record<string, number | null> = {};
  const milliseconds: Record<string, number> = {};
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  if (predictors.proxies) {
    const scores = proxyScores(plan, bench.backend.ops, batch.images, batch.labels, Rng.fromSeed(seed, "proxies"));
    predictions["parameters"] = scores.parameters;
    predictions["multiply-adds"] = scores.multiplyAdds;
    predictions["gradient norm"] = finite(scores.gradientNorm);
    predictions["synflow"] = finite(scores.synflow);
    predictions["jacobian covariance"] = finite(scores.jacobianCovariance);
    milliseconds["gradient norm"] = scores.milliseconds.gradientNorm;
    milliseconds["synflow"] = scores.milliseconds.synflow;
    milliseconds["jacobian covariance"] = scores.milliseconds.jacobianCovariance;
  }
  const steps = [...new Set(predictors.sgdSteps)].sort((a, b) => a - b);
  const last = steps.at(-1);
  if (last !== undefined) {
    const trainer = new CellTrainer(
      bench,
      { ...config, kind: "cell-training", source: { from: "cells", cells: [{ name, architecture }] }, training: predictors.sgd, measureTest: false },
      architecture,
      seed,
      last,
    );
    // Training up to a step costs what all steps before it do; validations on the way belong to other predictors.
    let training = 0;
    try {
      while (trainer.step < last) {
        if (context.stopRequested) return null;
        const from = performance.now();
        await trainer.trainStep();
        training += performance.now() - from;
        await context.breathe();
        if (!steps.includes(trainer.step)) continue;
        const validated = performance.now();
        predictions[`SGD ${trainer.step}`] = finite((await trainer.validate("batch")).accuracy);
        milliseconds[`SGD ${trainer.step}`] = training + performance.now() - validated;
      }
    } finally {
      await trainer.dispose();
    }
  }
  const candidate: CandidateMessage = {
    index,
    name,
    canonical,
    architecture,
    parameters: plan.counts.parameters,
    multiplyAdds: plan.counts.multiplyAdds,
    score: null,
    scoreLoss: null,
    role: "none",
    generationMs: null,
    evaluationMs: performance.now() - start,
    predictions,
  };
  return { candidate, milliseconds };
}
