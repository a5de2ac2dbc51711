import { rangeWords } from "../../../src-shared/analysis/curves/anytime-curve.ts";
import type { AnytimeNetwork, AnytimeTrainingRun } from "../../../src-shared/domain/config/anytime-config.ts";
import type { AnytimeToTrain, AnytimeTrainingMessage } from "../../../src-shared/domain/records/anytime-records.ts";
import type { TrainingBench } from "../evaluation/workbench.ts";
import { ANYTIME_WEIGHTS_FORMAT } from "../formats/anytime-weights.ts";
import { fitAnytimeChannels } from "../spaces/anytime/model.ts";
import { areasOf, type ExitMeasure } from "../training/anytime-measure.ts";
import { AnytimeTrainer } from "../training/anytime-trainer.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { AnytimeRunContext } from "./anytime-run-context.ts";
import type { RunEnd, RunFacts } from "./run-context.ts";
import { Throughput } from "./timing.ts";

interface AnytimeTrainingState {
  /** Trainings that are finished, in order. */
  readonly finished: readonly AnytimeTrainingMessage[];
  /** State of the training at work; null between two. */
  readonly trainer: unknown;
}

interface Job {
  readonly subject: AnytimeToTrain;
  readonly network: AnytimeNetwork;
  readonly repetition: number;
  readonly seed: number;
}

/**
 * Trains networks with several exits from scratch, searched ones and references, one after the other under one protocol. The same repetition of all shares the order of images.
 */
export async function runAnytimeTraining(
  bench: TrainingBench,
  config: AnytimeTrainingRun,
  subjects: readonly AnytimeToTrain[],
  context: AnytimeRunContext,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const jobs = subjects.flatMap((subject) => {
    const network = networkOf(subject, config, bench);
    return Array.from(
      { length: config.training.repetitions },
      (_, repetition): Job => ({ subject, network, repetition, seed: config.seed + 1000 * repetition }),
    );
  });
  const range = { maxBudget: config.training.maxBudget, chance: 1 / bench.input.classes };
  const saved = (checkpoint?.state ?? null) as AnytimeTrainingState | null;
  const finished = [...(saved?.finished ?? [])];
  let resumed = saved?.trainer ?? null;
  context.log("info", `Areas are taken over ${rangeWords({ maxMultiplyAdds: range.maxBudget, chance: range.chance })}.`);
  for (let index = finished.length; index < jobs.length; index++) {
    const job = jobs[index];
    if (job === undefined) break;
    const trainer = new AnytimeTrainer(bench, config.training, job.subject.model, job.network, job.seed);
    try {
      if (resumed !== null && checkpoint !== null) trainer.restore(resumed, checkpoint.tensors);
      resumed = null;
      const end = await trainOne(trainer, { job, index, jobs: jobs.length, finished, config, bench, context });
      if (end !== null) return end;
    } finally {
      await trainer.dispose();
    }
  }
  return { type: "done", summary: facts(finished, range.maxBudget) };
}

/** F of a network: as wide as the budget allows, where there is one. References have their own widths. */
function networkOf({ model }: AnytimeToTrain, { training, network }: AnytimeTrainingRun, { input }: TrainingBench): AnytimeNetwork {
  if (model.kind !== "cells" || training.multiplyAddBudget === undefined) return network;
  return fitAnytimeChannels(model.architecture, input, training.multiplyAddBudget);
}

interface Work {
  readonly job: Job;
  readonly index: number;
  readonly jobs: number;
  readonly finished: AnytimeTrainingMessage[];
  readonly config: AnytimeTrainingRun;
  readonly bench: TrainingBench;
  readonly context: AnytimeRunContext;
}

/** Runs one job to its end (null) or to a stop. */
async function trainOne(trainer: AnytimeTrainer, { job, index, jobs, finished, config, bench, context }: Work): Promise<RunEnd | null> {
  const { subject } = job;
  const label = `${subject.name}${config.training.repetitions > 1 ? `, repetition ${job.repetition + 1}` : ""}`;
  const range = { maxBudget: config.training.maxBudget, chance: 1 / bench.input.classes };
  const stepsBefore = index * trainer.totalSteps;
  const totalSteps = trainer.totalSteps * jobs;
  const throughput = new Throughput(performance.now() / 1000);
  const save = (state: unknown, tensors = trainer.tensors()): Promise<void> =>
    context.saveCheckpoint(stepsBefore + trainer.step, tensors, { finished, trainer: state } satisfies AnytimeTrainingState, {
      stepOfSeries: Object.fromEntries(Array.from({ length: index + 1 }, (_, i) => [String(i), i < index ? trainer.totalSteps : trainer.step])),
      candidates: 0,
      trainings: finished.length,
    });
  const report = (measure: ExitMeasure): void => {
    const epoch = trainer.step / trainer.stepsPerEpoch;
    context.metric("anytime/area", trainer.step, epoch, areasOf(trainer.exits(measure, null), range).area, index);
    context.metric("train/validation-accuracy", trainer.step, epoch, measure.accuracies.at(-1) ?? Number.NaN, index);
    context.metric("train/validation-loss", trainer.step, epoch, sum(measure.losses), index);
  };
  context.log("info", `Training ${label}: ${trainer.parameters.toLocaleString("en")} parameters, ${trainer.totalSteps} steps.`);
  while (trainer.step < trainer.totalSteps) {
    if (context.stopRequested) {
      await save(trainer.state());
      return { type: "stopped", step: stepsBefore + trainer.step };
    }
    const result = await trainer.trainStep();
    const epoch = trainer.step / trainer.stepsPerEpoch;
    context.metric("train/loss", trainer.step, epoch, result.loss, index);
    context.metric("train/accuracy", trainer.step, epoch, result.accuracy, index);
    context.metric("learning-rate", trainer.step, epoch, result.learningRate, index);
    throughput.add(result.images, performance.now() / 1000);
    const speed = throughput.perSecond;
    if (speed !== undefined && trainer.step % 5 === 0) context.metric("images-per-second", trainer.step, epoch, speed, index);
    const secondsLeft = throughput.secondsFor((totalSteps - stepsBefore - trainer.step) * result.images);
    context.progress({
      phase: `Training ${label} (${index + 1} of ${jobs})`,
      step: stepsBefore + trainer.step,
      totalSteps,
      epoch,
      ...(speed === undefined ? {} : { imagesPerSecond: speed }),
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
    });
    if (trainer.validationDue) {
      report(await trainer.validate());
      throughput.skipTo(performance.now() / 1000);
    }
    await context.breathe();
    if (context.checkpointDue && trainer.step < trainer.totalSteps) {
      await save(trainer.state());
      throughput.skipTo(performance.now() / 1000);
    }
  }
  // The last point of the curve is the training's result.
  const validation = await trainer.validate();
  report(validation);
  const exits = trainer.exits(validation, config.measureTest ? await trainer.test() : null);
  const training: AnytimeTrainingMessage = {
    candidateId: subject.candidateId,
    name: subject.name,
    canonical: subject.canonical,
    model: subject.model,
    role: subject.role,
    repetition: job.repetition,
    seed: job.seed,
    epochs: config.training.epochs,
    initialChannels: subject.model.kind === "cells" ? job.network.initialChannels : null,
    parameters: trainer.parameters,
    multiplyAdds: trainer.multiplyAdds,
    score: subject.score,
    exits,
    ...range,
    ...areasOf(exits, range),
    trainLoss: trainer.recentLoss,
    seconds: trainer.seconds,
  };
  const { dataset, input } = bench;
  // The weights are written before the training counts as finished: a crash in between repeats only the writing.
  await context.saveTensors("weights", `weights-${index}`, trainer.weights(), {
    format: ANYTIME_WEIGHTS_FORMAT,
    manifest: JSON.stringify({
      version: 1,
      ...training,
      network: job.network,
      input,
      normalisation: { mean: dataset.mean, std: dataset.std },
      classNames: dataset.classNames,
      dataset: { id: dataset.id, fingerprint: dataset.fingerprint },
    }),
  });
  finished.push(training);
  context.anytimeTraining(training);
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  context.log(
    "info",
    `${label}: area ${percent(training.area)} on validation images${training.testArea === null ? "" : `, ${percent(training.testArea)} on test images`}.`,
  );
  await save(null, new Map());
  await context.breathe();
  return null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Areas by role: means over trainings; the best searched network by validation. */
function facts(trainings: readonly AnytimeTrainingMessage[], maxBudget: number): RunFacts {
  const result: RunFacts = { trainings: trainings.length, maxBudget };
  for (const role of ["shortlist", "random", "reference"] as const) {
    const group = trainings.filter((training) => training.role === role);
    if (group.length === 0) continue;
    result[`${role}Area`] = sum(group.map(({ area }) => area)) / group.length;
    const tested = group.flatMap(({ testArea }) => testArea ?? []);
    if (tested.length > 0) result[`${role}TestArea`] = sum(tested) / tested.length;
  }
  const best = trainings.filter(({ role }) => role !== "reference").sort((a, b) => b.area - a.area)[0];
  if (best !== undefined) {
    result.best = best.name;
    result.bestArea = best.area;
    result.bestTestArea = best.testArea;
  }
  return result;
}
