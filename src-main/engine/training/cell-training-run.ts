import type { CellTrainingRun } from "../../../src-shared/domain/run-config.ts";
import type { CellToTrain, TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import { CellTrainer } from "./cell-trainer.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { RunContext, RunEnd } from "./run-context.ts";
import { Throughput } from "./timing.ts";
import { WEIGHTS_FILE_FORMAT } from "./weights-file.ts";
import type { Workbench } from "./workbench.ts";

interface CellTrainingState {
  /** Trainings that are finished, in order. */
  readonly finished: readonly TrainingMessage[];
  /** State of the training at work; null between two. */
  readonly trainer: unknown;
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
  bench: Workbench,
  config: CellTrainingRun,
  cells: readonly CellToTrain[],
  context: RunContext,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const jobs: Job[] = cells.flatMap((cell) =>
    Array.from({ length: config.training.repetitions }, (_, repetition) => ({ cell, repetition, seed: config.seed + 1000 * repetition })),
  );
  const saved = (checkpoint?.state ?? null) as CellTrainingState | null;
  const finished: TrainingMessage[] = [...(saved?.finished ?? [])];
  let resumed = saved?.trainer ?? null;
  for (let index = finished.length; index < jobs.length; index++) {
    const job = jobs[index];
    if (job === undefined) break;
    const trainer = new CellTrainer(bench, config, job.cell.architecture, job.seed);
    try {
      if (resumed !== null && checkpoint !== null) trainer.restore(resumed, checkpoint.tensors);
      resumed = null;
      const end = await trainOne(trainer, job, index, jobs.length, finished, config, context);
      if (end !== null) return end;
    } finally {
      trainer.dispose();
    }
  }
  return { type: "done", summary: trainingFacts(finished) };
}

/** Runs one job to its end (null) or to a stop. */
async function trainOne(
  trainer: CellTrainer,
  job: Job,
  index: number,
  jobs: number,
  finished: TrainingMessage[],
  config: CellTrainingRun,
  context: RunContext,
): Promise<RunEnd | null> {
  const label = `${job.cell.name}${config.training.repetitions > 1 ? `, repetition ${job.repetition + 1}` : ""}`;
  const totalSteps = trainer.totalSteps * jobs;
  const stepsBefore = index * trainer.totalSteps;
  const throughput = new Throughput(performance.now() / 1000);
  const stepOfSeries = (): Record<string, number> =>
    Object.fromEntries([...finished.map((_, i) => [String(i), trainer.totalSteps] as const), [String(index), trainer.step] as const]);
  const save = (): Promise<void> =>
    context.saveCheckpoint(stepsBefore + trainer.step, trainer.tensors(), { finished, trainer: trainer.state() } satisfies CellTrainingState, {
      stepOfSeries: stepOfSeries(),
      candidates: 0,
      trainings: finished.length,
    });
  context.current(label, job.cell.architecture);
  context.log("info", `Training ${label}: ${trainer.parameters.toLocaleString("en")} parameters, ${trainer.totalSteps} steps.`);
  while (trainer.step < trainer.totalSteps) {
    if (context.stopRequested) {
      await save();
      return { type: "stopped", step: stepsBefore + trainer.step };
    }
    const result = trainer.trainStep();
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
      const { accuracy, loss } = trainer.validate();
      context.metric("train/validation-accuracy", trainer.step, epoch, accuracy, index);
      context.metric("train/validation-loss", trainer.step, epoch, loss, index);
      throughput.skipTo(performance.now() / 1000);
    }
    await context.breathe();
    if (context.checkpointDue && trainer.step < trainer.totalSteps) {
      await save();
      throughput.skipTo(performance.now() / 1000);
    }
  }
  const validation = trainer.validate();
  const test = config.measureTest ? trainer.test() : null;
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
  finished.push(training);
  context.training(training);
  context.log(
    "info",
    `${label}: validation ${(100 * validation.accuracy).toFixed(2)} %${test === null ? "" : `, test ${(100 * test.accuracy).toFixed(2)} %`}.`,
  );
  await context.saveCheckpoint(stepsBefore + trainer.totalSteps, new Map(), { finished, trainer: null } satisfies CellTrainingState, {
    stepOfSeries: stepOfSeries(),
    candidates: 0,
    trainings: finished.length,
  });
  await context.breathe();
  return null;
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
