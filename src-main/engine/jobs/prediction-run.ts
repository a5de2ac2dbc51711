import type { PredictionRun } from "../../../src-shared/domain/config/study-config.ts";
import { type Tensor1D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import { COST_PREFIX } from "../baselines/cost-names.ts";
import { proxyScores } from "../baselines/zero-cost-proxies.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import { Rng } from "../random.ts";
import type { Proposal } from "../search/strategy.ts";
import { studyArchitectures } from "../search/study-architectures.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { CandidateFields, SpaceTypes } from "../spaces/shared/space-types.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import { NetworkTrainer } from "../training/network-trainer.ts";
import type { RunEnd, SpaceContext } from "./run-context.ts";
import { Throughput } from "./timing.ts";

interface PredictionState {
  readonly done: readonly CandidateFields[];
  /** Total time of each predictor so far, in milliseconds. */
  readonly milliseconds: Readonly<Record<string, number>>;
  /** Number of architectures that each of these times is of. Missing in checkpoints of older versions. */
  readonly timed?: Readonly<Record<string, number>>;
}

/** Settings of a prediction, in any space. */
export type PredictionSettings<T extends SpaceTypes> = Pick<PredictionRun, "seed" | "cells" | "predictors"> & {
  readonly space: T["settings"];
  readonly network: T["network"];
};

/** Measures proxies and short trainings on the architectures of a study, one after the other. A resumed run continues with the next one. */
export async function runPrediction<T extends SpaceTypes & { readonly candidate: CandidateFields }>(
  bench: Workbench,
  space: SearchSpace<T>,
  run: PredictionSettings<T>,
  context: SpaceContext<T>,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const saved = checkpoint?.state as PredictionState | undefined;
  const done: CandidateFields[] = [...(saved?.done ?? [])];
  const milliseconds: Record<string, number> = { ...saved?.milliseconds };
  const timed: Record<string, number> = { ...(saved?.timed ?? Object.fromEntries(Object.keys(milliseconds).map((predictor) => [predictor, done.length]))) };
  const proposals = studyArchitectures(space, run.space, run.cells);
  const { predictors } = run;
  // One batch for all proxies, the first images of the training part.
  const proxyBatch = bench.trainBatches.make(bench.split.train.slice(0, predictors.proxyImages));
  const images = tf.tensor4d(proxyBatch.images, [...proxyBatch.shape]);
  const labels = tf.tensor1d(proxyBatch.labels, "int32");
  const throughput = new Throughput(performance.now() / 1000, 60);
  const save = (): Promise<void> =>
    context.saveCheckpoint(done.length, new Map(), { done, milliseconds, timed } satisfies PredictionState, {
      stepOfSeries: { "0": done.length },
      candidates: done.length,
      trainings: 0,
    });
  try {
    for (let index = done.length; index < proposals.length; index++) {
      const proposal = proposals[index];
      if (proposal === undefined) break;
      const name = `${space.noun} ${index}`;
      const drawing = space.drawing(proposal.architecture);
      if (drawing !== null) context.current(name, drawing);
      const predicted = await predict({ bench, space, run, context, images, labels }, proposal, index, name);
      if (predicted === null) {
        await save();
        return { type: "stopped", step: done.length };
      }
      const { candidate } = predicted;
      for (const [predictor, ms] of Object.entries(predicted.milliseconds)) {
        milliseconds[predictor] = (milliseconds[predictor] ?? 0) + ms;
        timed[predictor] = (timed[predictor] ?? 0) + 1;
      }
      done.push(candidate);
      context.candidate({ ...candidate, space: space.id });
      throughput.add(1, performance.now() / 1000);
      const secondsLeft = throughput.secondsFor(proposals.length - done.length);
      context.progress({
        phase: "Measuring predictors",
        step: done.length,
        totalSteps: proposals.length,
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
      });
      await context.breathe();
      if (context.stopRequested && done.length < proposals.length) {
        await save();
        return { type: "stopped", step: done.length };
      }
      if (context.checkpointDue) await save();
    }
    await save();
    const costs = Object.entries(milliseconds).map(([predictor, ms]) => [COST_PREFIX + predictor, ms / Math.max(1, timed[predictor] ?? 0)] as const);
    return { type: "done", summary: { cells: done.length, predictors: Object.keys(done[0]?.predictions ?? {}).length, ...Object.fromEntries(costs) } };
  } finally {
    tf.dispose([images, labels]);
  }
}

interface Work<T extends SpaceTypes> {
  readonly bench: Workbench;
  readonly space: SearchSpace<T>;
  readonly run: PredictionSettings<T>;
  readonly context: SpaceContext<T>;
  /** The batch of the proxies. */
  readonly images: Tensor4D;
  readonly labels: Tensor1D;
}

/** All predictions for one architecture; null if a stop was requested in the meantime. */
async function predict<T extends SpaceTypes>(
  { bench, space, run, context, images, labels }: Work<T>,
  { architecture, canonical }: Proposal<T["architecture"]>,
  index: number,
  name: string,
): Promise<{ readonly candidate: CandidateFields<T["architecture"]>; readonly milliseconds: Readonly<Record<string, number>> } | null> {
  const { predictors, network, seed } = run;
  const plan = space.plan(architecture, network, bench.input);
  const start = performance.now();
  const predictions: Record<string, number | null> = {};
  const milliseconds: Record<string, number> = {};
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  if (predictors.proxies) {
    const scores = proxyScores(plan, bench.backend.ops, images, labels, Rng.fromSeed(seed, "proxies"));
    predictions["parameters"] = scores.parameters;
    predictions["multiply-adds"] = scores.multiplyAdds;
    predictions["gradient norm"] = finite(scores.gradientNorm);
    predictions["synflow"] = finite(scores.synflow);
    predictions["jacobian covariance"] = finite(scores.jacobianCovariance);
    predictions["NWOT"] = finite(scores.nwot);
    predictions["SWAP"] = finite(scores.swap);
    milliseconds["gradient norm"] = scores.milliseconds.gradientNorm;
    milliseconds["synflow"] = scores.milliseconds.synflow;
    milliseconds["jacobian covariance"] = scores.milliseconds.jacobianCovariance;
    milliseconds["NWOT"] = scores.milliseconds.nwot;
    milliseconds["SWAP"] = scores.milliseconds.swap;
  }
  const steps = [...new Set(predictors.sgdSteps)].sort((a, b) => a - b);
  const last = steps.at(-1);
  if (last !== undefined) {
    const trainer = new NetworkTrainer(bench, space.training.protocol(predictors.sgd), plan, seed, last);
    // The cost of training up to a step is that of all steps before it; validations in between belong to other predictors.
    let training = 0;
    // A network that diverges predicts nothing. Its accuracy, that of guessing, would count as a very low score.
    for (const step of steps) predictions[`SGD ${step}`] = null;
    try {
      while (trainer.step < last) {
        if (context.stopRequested) return null;
        const from = performance.now();
        await trainer.trainStep();
        training += performance.now() - from;
        await context.breathe();
        if (trainer.divergence !== null) break;
        if (!steps.includes(trainer.step)) continue;
        const validated = performance.now();
        const measure = await trainer.validate("batch");
        milliseconds[`SGD ${trainer.step}`] = training + performance.now() - validated;
        predictions[`SGD ${trainer.step}`] = trainer.divergenceAtEnd(measure) === null ? finite(measure.accuracies.at(-1) ?? Number.NaN) : null;
      }
    } finally {
      await trainer.dispose();
    }
  }
  const candidate: CandidateFields<T["architecture"]> = {
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
