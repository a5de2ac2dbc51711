import type { CellTrainingRun } from "../../../src-shared/domain/config/run-config.ts";
import type { CellToTrain, TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import { UserError } from "../../lib/errors.ts";
import type { Measured } from "../evaluation/accuracy.ts";
import type { TrainingBench } from "../evaluation/workbench.ts";
import { WEIGHTS_FILE_FORMAT } from "../formats/weights-file.ts";
import { CellTrainer } from "../training/cell-trainer.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { RunContext, RunEnd } from "./run-context.ts";
import { Throughput } from "./timing.ts";

interface CellTrainingState {
  /** Trainings that are finished, in order. */
  readonly finished: readonly TrainingMessage[];
  /** Top-five accuracies of each of them; missing in checkpoints of versions that did not measure them. */
  readonly topFive?: readonly TopFive[];
  /** State of the training at work; null between two. */
  readonly trainer: unknown;
}

/** Top-five accuracies of a finished training; null where they were not measured or mean nothing (five classes or fewer). */
interface TopFive {
  readonly validation: number | null;
  readonly test: number | null;
}

/** What is finished, in order. */
interface Finished {
  readonly trainings: TrainingMessage[];
  readonly topFive: TopFive[];
}

/** One training of one cell, by position in the run. */
interface Job {
  readonly cell: CellToTrain;
  readonly repetition: number;
  readonly seed: number;
}

/**
 * Trains cells from scratch, one after the other, each as often as the config says. Every repetition has its own seed;
 * the same repetition of all cells shares the order of images, so that cells are compared on equal terms.
 */
export async function runCellTraining(
  bench: TrainingBench,
  config: CellTrainingRun,
  cells: readonly CellToTrain[],
  context: RunContext,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const jobs: Job[] = cells.flatMap((cell) =>
    Array.from({ length: config.training.repetitions }, (_, repetition) => ({ cell, repetition, seed: config.seed + 1000 * repetition })),
  );
  const saved = (checkpoint?.state ?? null) as CellTrainingState | null;
  const finished: Finished = { trainings: [...(saved?.finished ?? [])], topFive: [...(saved?.topFive ?? [])] };
  let resumed = saved?.trainer ?? null;
  for (let index = finished.trainings.length; index < jobs.length; index++) {
    const job = jobs[index];
    if (job === undefined) break;
    const trainer = new CellTrainer(bench, config, job.cell.architecture, job.seed);
    try {
      requireBudget(trainer, config);
      if (resumed !== null && checkpoint !== null) trainer.restore(resumed, checkpoint.tensors);
      resumed = null;
      const end = await trainOne(trainer, job, index, jobs.length, finished, config, context);
      if (end !== null) return end;
    } finally {
      await trainer.dispose();
    }
  }
  return { type: "done", summary: { ...trainingFacts(finished.trainings), ...topFiveFacts(finished.topFive) } };
}

/** F was found before the run was frozen; a config from elsewhere may have another. @throws UserError `budget-exceeded` */
function requireBudget({ multiplyAdds }: CellTrainer, { network }: CellTrainingRun): void {
  const { multiplyAddBudget, initialChannels } = network;
  if (multiplyAddBudget === undefined || multiplyAdds <= multiplyAddBudget) return;
  throw new UserError(
    `With F = ${initialChannels} the network needs ${multiplyAdds.toLocaleString("en")} multiply-adds, more than the budget of ${multiplyAddBudget.toLocaleString("en")}.`,
    { code: "budget-exceeded", field: "network.initialChannels", remedy: "Create the run anew, which finds F again, or remove the budget." },
  );
}

/** Runs one job to its end (null) or to a stop. */
async function trainOne(
  trainer: CellTrainer,
  job: Job,
  index: number,
  jobs: number,
  finished: Finished,
  config: CellTrainingRun,
  context: RunContext,
): Promise<RunEnd | null> {
  const label = `${job.cell.name}${config.training.repetitions > 1 ? `, repetition ${job.repetition + 1}` : ""}`;
  const totalSteps = trainer.totalSteps * jobs;
  const stepsBefore = index * trainer.totalSteps;
  const throughput = new Throughput(performance.now() / 1000);
  const stepOfSeries = (): Record<string, number> =>
    Object.fromEntries([...finished.trainings.map((_, i) => [String(i), trainer.totalSteps] as const), [String(index), trainer.step] as const]);
  const save = (): Promise<void> =>
    context.saveCheckpoint(
      stepsBefore + trainer.step,
      trainer.tensors(),
      { finished: finished.trainings, topFive: finished.topFive, trainer: trainer.state() } satisfies CellTrainingState,
      {
        stepOfSeries: stepOfSeries(),
        candidates: 0,
        trainings: finished.trainings.length,
      },
    );
  const report = ({ accuracy, topFive, loss }: Measured): void => {
    const epoch = trainer.step / trainer.stepsPerEpoch;
    context.metric("train/validation-accuracy", trainer.step, epoch, accuracy, index);
    if (topFive !== null) context.metric("train/validation-top5", trainer.step, epoch, topFive, index);
    context.metric("train/validation-loss", trainer.step, epoch, loss, index);
  };
  context.current(label, job.cell.architecture);
  context.log("info", `Training ${label}: ${trainer.parameters.toLocaleString("en")} parameters, ${trainer.totalSteps} steps.`);
  while (trainer.step < trainer.totalSteps) {
    if (context.stopRequested) {
      await save();
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
    const stepsLeft = totalSteps - stepsBefore - trainer.step;
    const secondsLeft = throughput.secondsFor(stepsLeft * result.images);
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
      await save();
      throughput.skipTo(performance.now() / 1000);
    }
  }
  // The last point of the curve is the training's result.
  const validation = await trainer.validate();
  report(validation);
  const test = config.measureTest ? await trainer.test() : null;
  const training: TrainingMessage = {
    candidateId: job.cell.candidateId,
    name: job.cell.name,
    canonical: job.cell.canonical,
    architecture: job.cell.architecture,
    role: job.cell.role,
    repetition: job.repetition,
    seed: job.seed,
    epochs: config.training.epochs,
    parameters: trainer.parameters,
    multiplyAdds: trainer.multiplyAdds,
    score: job.cell.score,
    validationAccuracy: validation.accuracy,
    testAccuracy: test?.accuracy ?? null,
    trainLoss: trainer.recentLoss,
    seconds: trainer.seconds,
  };
  // The weights are written before the training counts as finished: a crash in between repeats only the writing.
  await context.saveTensors("weights", `weights-${index}`, trainer.weights(), {
    format: WEIGHTS_FILE_FORMAT,
    manifest: JSON.stringify(trainer.manifest(training)),
  });
  finished.trainings.push(training);
  finished.topFive.push({ validation: validation.topFive, test: test?.topFive ?? null });
  context.training(training);
  context.log("info", `${label}: validation ${accuracyWords(validation)}${test === null ? "" : `, test ${accuracyWords(test)}`}.`);
  await context.saveCheckpoint(
    stepsBefore + trainer.totalSteps,
    new Map(),
    { finished: finished.trainings, topFive: finished.topFive, trainer: null } satisfies CellTrainingState,
    {
      stepOfSeries: stepOfSeries(),
      candidates: 0,
      trainings: finished.trainings.length,
    },
  );
  await context.breathe();
  return null;
}

/** "73.00 %", or "73.00 % (top 5: 91.30 %)". */
function accuracyWords({ accuracy, topFive }: Measured): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  return topFive === null ? percent(accuracy) : `${percent(accuracy)} (top 5: ${percent(topFive)})`;
}

function topFiveFacts(topFive: readonly TopFive[]): Record<string, string | number | null> {
  const facts: Record<string, string | number | null> = {};
  for (const part of ["validation", "test"] as const) {
    const values = topFive.flatMap((one) => one[part] ?? []);
    addMoments(facts, `${part}Top5Accuracy`, values);
  }
  return facts;
}

function trainingFacts(trainings: readonly TrainingMessage[]): Record<string, string | number | null> {
  const facts: Record<string, string | number | null> = { trainings: trainings.length };
  const best = [...trainings].sort((a, b) => b.validationAccuracy - a.validationAccuracy)[0];
  if (best !== undefined) {
    facts.best = best.name;
    facts.bestValidationAccuracy = best.validationAccuracy;
    facts.bestTestAccuracy = best.testAccuracy;
    facts.bestParameters = best.parameters;
    facts.bestMultiplyAdds = best.multiplyAdds;
  }
  for (const role of ["shortlist", "random"] as const) {
    const group = trainings.filter((training) => training.role === role);
    if (group.length === 0) continue;
    facts[`${role}Trainings`] = group.length;
    addMoments(
      facts,
      `${role}ValidationAccuracy`,
      group.map((training) => training.validationAccuracy),
    );
    addMoments(
      facts,
      `${role}TestAccuracy`,
      group.flatMap((training) => (training.testAccuracy === null ? [] : [training.testAccuracy])),
    );
  }
  addMoments(
    facts,
    "testAccuracy",
    trainings.flatMap((training) => (training.testAccuracy === null ? [] : [training.testAccuracy])),
  );
  return facts;
}

/** Adds mean and sample standard deviation. */
function addMoments(facts: Record<string, string | number | null>, name: string, values: readonly number[]): void {
  if (values.length === 0) return;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  facts[`${name}Mean`] = mean;
  if (values.length > 1) facts[`${name}Deviation`] = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
