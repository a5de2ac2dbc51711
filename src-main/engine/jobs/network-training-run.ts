import type { TrainingBench } from "../evaluation/workbench.ts";
import { notFinite } from "../formats/finite.ts";
import type { OutputMeasure, TopFive } from "../spaces/shared/output-measure.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes, SummaryFacts } from "../spaces/shared/space-types.ts";
import type { Trained } from "../spaces/shared/training-description.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import { NetworkTrainer } from "../training/network-trainer.ts";
import type { RunEnd, SpaceContext } from "./run-context.ts";
import { Throughput } from "./timing.ts";

interface TrainingState<Training> {
  /** Finished trainings, in order. */
  readonly finished: readonly Training[];
  /** Top-five accuracies of each of them; missing in old checkpoints. */
  readonly topFive?: readonly TopFive[];
  /** State of the running training; null between trainings. */
  readonly trainer: unknown;
}

/** One training of one network. */
interface Job<T extends SpaceTypes> {
  readonly subject: T["subject"];
  readonly network: T["network"];
  readonly plan: T["plan"];
  readonly repetition: number;
  readonly seed: number;
  /** Position in the run. */
  readonly index: number;
}

/**
 * Trains networks from scratch, one after the other, with the configured number of repetitions. Each repetition has its own seed;
 * the same repetition of all networks shares the order of images, so that networks are compared on equal terms.
 * A training that diverges is reported as such, without weights, and the run continues with the next one.
 * @throws UserError when a network does not fit its budget
 */
export async function runNetworkTraining<T extends SpaceTypes>(
  bench: TrainingBench,
  space: SearchSpace<T>,
  run: T["trainingRun"],
  subjects: readonly T["subject"][],
  context: SpaceContext<T>,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const { repetitions } = run.training;
  const networks = subjects.map((subject) => space.training.networkOf(subject, run, bench.input));
  const total = subjects.length * repetitions;
  const saved = (checkpoint?.state ?? null) as TrainingState<T["training"]> | null;
  const finished = { trainings: [...(saved?.finished ?? [])], topFive: [...(saved?.topFive ?? [])] };
  let resumed = saved?.trainer ?? null;
  const note = space.training.note(run, bench.input);
  if (note !== null) context.log("info", note);
  for (let index = finished.trainings.length; index < total; index++) {
    const position = Math.floor(index / repetitions);
    const repetition = index % repetitions;
    const subject = subjects[position];
    const network = networks[position];
    if (subject === undefined) break;
    const plan = space.training.plan(subject, network, bench.input);
    const seed = run.seed + 1000 * repetition;
    const trainer = new NetworkTrainer(bench, space.training.protocol(run.training), plan, seed);
    try {
      if (resumed !== null && checkpoint !== null) trainer.restore(resumed, checkpoint.tensors);
      resumed = null;
      const job: Job<T> = { subject, network, plan, repetition, seed, index };
      const end = await trainOne({ bench, space, run, context, finished, total }, trainer, job);
      if (end !== null) return end;
    } finally {
      await trainer.dispose();
    }
  }
  return { type: "done", summary: factsOf(space, run, finished) };
}

/** Facts of the usable trainings, and the number of diverged ones if there are any. */
function factsOf<T extends SpaceTypes>(space: SearchSpace<T>, run: T["trainingRun"], { trainings, topFive }: Work<T>["finished"]): SummaryFacts {
  const usable = trainings.flatMap((training, i) => (training.divergence === undefined ? [{ training, topFive: topFive[i] ?? NO_TOP_FIVE }] : []));
  const facts = space.training.facts(
    run,
    usable.map(({ training }) => training),
    usable.map((one) => one.topFive),
  );
  const divergedTrainings = trainings.length - usable.length;
  return divergedTrainings === 0 ? facts : { ...facts, divergedTrainings };
}

const NO_TOP_FIVE: TopFive = { validation: null, test: null };

interface Work<T extends SpaceTypes> {
  readonly bench: TrainingBench;
  readonly space: SearchSpace<T>;
  readonly run: T["trainingRun"];
  readonly context: SpaceContext<T>;
  readonly finished: { readonly trainings: T["training"][]; readonly topFive: TopFive[] };
  /** Trainings of the run. */
  readonly total: number;
}

/** Runs one training until it is finished (returns null) or stopped. */
async function trainOne<T extends SpaceTypes>(work: Work<T>, trainer: NetworkTrainer, job: Job<T>): Promise<RunEnd | null> {
  const { bench, space, run, context, finished, total } = work;
  const { index, subject, plan } = job;
  const label = `${subject.name}${run.training.repetitions > 1 ? `, repetition ${job.repetition + 1}` : ""}`;
  const totalSteps = trainer.totalSteps * total;
  const stepsBefore = index * trainer.totalSteps;
  const throughput = new Throughput(performance.now() / 1000);
  const save = (state: unknown, tensors = trainer.tensors()): Promise<void> =>
    context.saveCheckpoint(
      stepsBefore + trainer.step,
      tensors,
      { finished: finished.trainings, topFive: finished.topFive, trainer: state } satisfies TrainingState<T["training"]>,
      {
        stepOfSeries: Object.fromEntries(Array.from({ length: index + 1 }, (_, i) => [String(i), i < index ? trainer.totalSteps : trainer.step])),
        candidates: 0,
        trainings: finished.trainings.length,
      },
    );
  const checkpoint = async (): Promise<string | null> => {
    const tensors = trainer.tensors();
    const broken = notFinite(tensors);
    // No later step can repair it, and the last good checkpoint must survive.
    if (broken !== null) return `After step ${trainer.step}, ${broken} is not finite.`;
    await save(trainer.state(), tensors);
    return null;
  };
  const report = (measure: OutputMeasure): void => {
    const epoch = trainer.step / trainer.stepsPerEpoch;
    for (const [name, value] of space.training.metrics(run, plan, measure, bench.input)) context.metric(name, trainer.step, epoch, value, index);
  };
  const drawing = space.training.drawing(subject);
  if (drawing !== null) context.current(label, drawing);
  context.log("info", `Training ${label}: ${trainer.parameters.toLocaleString("en")} parameters, ${trainer.totalSteps} steps.`);
  let divergence: string | null = null;
  while (trainer.step < trainer.totalSteps) {
    if (context.stopRequested) {
      divergence = await checkpoint();
      if (divergence !== null) break;
      return { type: "stopped", step: stepsBefore + trainer.step };
    }
    const result = await trainer.trainStep();
    const epoch = trainer.step / trainer.stepsPerEpoch;
    context.metric("train/loss", trainer.step, epoch, result.skipped ? Number.NaN : result.loss, index);
    context.metric("train/accuracy", trainer.step, epoch, result.skipped ? Number.NaN : result.accuracy, index);
    context.metric("learning-rate", trainer.step, epoch, result.learningRate, index);
    if (result.skipped) {
      context.metric("train/skipped", trainer.step, epoch, trainer.skipped, index);
      context.log("warning", `${label}: step ${trainer.step} was skipped: its loss, gradients or batch statistics were not finite.`);
    }
    throughput.add(result.images, performance.now() / 1000);
    const speed = throughput.perSecond;
    if (speed !== undefined && trainer.step % 5 === 0) context.metric("images-per-second", trainer.step, epoch, speed, index);
    const secondsLeft = throughput.secondsFor((totalSteps - stepsBefore - trainer.step) * result.images);
    context.progress({
      phase: `Training ${label} (${index + 1} of ${total})`,
      step: stepsBefore + trainer.step,
      totalSteps,
      epoch,
      ...(speed === undefined ? {} : { imagesPerSecond: speed }),
      ...(secondsLeft === undefined ? {} : { secondsLeft }),
    });
    divergence = trainer.divergence;
    if (divergence !== null) break;
    if (trainer.validationDue) {
      report(await trainer.validate());
      throughput.skipTo(performance.now() / 1000);
    }
    await context.breathe();
    if (context.checkpointDue && trainer.step < trainer.totalSteps) {
      divergence = await checkpoint();
      if (divergence !== null) break;
      throughput.skipTo(performance.now() / 1000);
    }
  }
  await finish(work, trainer, job, { label, report, divergence });
  await save(null, new Map());
  await context.breathe();
  return null;
}

interface Ending {
  readonly label: string;
  readonly report: (measure: OutputMeasure) => void;
  /** Why the training ended early; null if it reached its last step. */
  readonly divergence: string | null;
}

/** Measures a trained network, writes its weights and reports it. A diverged one is reported without weights, and never measured on test images. */
async function finish<T extends SpaceTypes>(
  { bench, space, run, context, finished }: Work<T>,
  trainer: NetworkTrainer,
  { subject, network, plan, repetition, seed, index }: Job<T>,
  { label, report, divergence }: Ending,
): Promise<void> {
  const validation = await trainer.validate();
  const reason = divergence ?? trainer.divergenceAtEnd(validation);
  // The last point of the curve is the training's result.
  if (reason === null) report(validation);
  const test = run.measureTest && reason === null ? await trainer.test() : null;
  const trained: Trained<T> = { run, subject, network, plan, images: bench, validation, test };
  const { candidateId, name, canonical, role, score } = subject;
  const { parameters, multiplyAdds, recentLoss: trainLoss, seconds } = trainer;
  const record = space.training.record(
    { candidateId, name, canonical, role, repetition, seed, epochs: run.training.epochs, parameters, multiplyAdds, score, trainLoss, seconds },
    trained,
  );
  const training = reason === null ? record : { ...record, divergence: reason };
  // The weights are written before the training counts as finished: a crash in between repeats only the writing.
  if (reason === null) {
    const file = space.training.weightsFile(training, trained);
    await context.saveTensors("weights", `weights-${index}`, trainer.weights(), { format: file.format, manifest: JSON.stringify(file.manifest) });
  }
  finished.trainings.push(training);
  finished.topFive.push({ validation: validation.topFive, test: test?.topFive ?? null });
  context.training({ ...training, space: space.id });
  if (reason === null) context.log("info", `${label}: ${space.training.words(training, trained)}.`);
  else {
    const number = finished.trainings.filter((one) => one.divergence !== undefined).length;
    context.metric("train/diverged", trainer.step, trainer.step / trainer.stepsPerEpoch, number, index);
    context.log("error", `${label} diverged and is not a result. ${reason}`);
  }
}
