import type { Workbench } from "../evaluation/workbench.ts";
import { notFinite } from "../formats/finite.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import { type Checkpoint, diverged } from "../training/checkpoint.ts";
import { GhnTrainer } from "../training/ghn-trainer.ts";
import type { RunEnd, SpaceContext } from "./run-context.ts";
import { Throughput } from "./timing.ts";

/**
 * Trains a GHN until its last epoch or until it is stopped, and saves it as an artifact.
 * @throws UserError `training-diverged`, or as `createGenerator`
 */
export async function runGhnTraining<T extends SpaceTypes>(
  bench: Workbench,
  space: SearchSpace<T>,
  run: T["ghnRun"],
  context: SpaceContext<T>,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const trainer = new GhnTrainer(bench, space, run);
  try {
    if (checkpoint !== null) trainer.restore(checkpoint);
    const { training } = run;
    const stepsBetweenValidations = Math.max(1, Math.round(training.validateEvery * trainer.stepsPerEpoch));
    const throughput = new Throughput(performance.now() / 1000);
    const save = async (): Promise<void> => {
      const tensors = trainer.tensors();
      const broken = notFinite(tensors);
      // No later step can repair it, and the last good checkpoint must survive.
      if (broken !== null) throw divergedGhn(`After step ${trainer.step}, ${broken} is not finite.`);
      await context.saveCheckpoint(trainer.step, tensors, trainer.state(), { stepOfSeries: { "0": trainer.step }, candidates: 0, trainings: 0 });
    };
    context.log("info", `The GHN has ${trainer.ghn.parameterCount.toLocaleString("en")} parameters and is trained for ${trainer.totalSteps} steps.`);
    while (trainer.step < trainer.totalSteps) {
      if (context.stopRequested) {
        await save();
        return { type: "stopped", step: trainer.step };
      }
      const result = trainer.trainStep();
      const { step } = trainer;
      const epoch = step / trainer.stepsPerEpoch;
      context.metric("ghn/loss", step, epoch, result.skipped ? Number.NaN : result.loss);
      context.metric("ghn/accuracy", step, epoch, result.skipped ? Number.NaN : result.accuracy);
      context.metric("ghn/gradient-norm", step, epoch, result.gradientNorm);
      context.metric("learning-rate", step, epoch, result.learningRate);
      if (result.skipped) {
        context.metric("ghn/skipped", step, epoch, trainer.skipped);
        context.log("warning", `Step ${step} was skipped: its loss or gradient was not finite.`);
      }
      throughput.add(result.images, performance.now() / 1000);
      const speed = throughput.perSecond;
      if (speed !== undefined && step % 5 === 0) context.metric("images-per-second", step, epoch, speed);
      const drawing = trainer.lastArchitecture === null ? null : space.drawing(trainer.lastArchitecture);
      if (drawing !== null) context.current(`Step ${step}`, drawing);
      const secondsLeft = throughput.secondsFor((trainer.totalSteps - step) * result.images);
      context.progress({
        phase: "Training the GHN",
        step,
        totalSteps: trainer.totalSteps,
        epoch,
        ...(speed === undefined ? {} : { imagesPerSecond: speed }),
        ...(secondsLeft === undefined ? {} : { secondsLeft }),
      });
      await context.breathe();
      if (trainer.divergence !== null) throw divergedGhn(trainer.divergence);
      if (training.validationCells > 0 && (step % stepsBetweenValidations === 0 || step === trainer.totalSteps)) {
        const { score, loss } = trainer.validate();
        context.metric("ghn/validation-accuracy", step, epoch, score);
        context.metric("ghn/validation-loss", step, epoch, loss);
        await context.breathe();
        throughput.skipTo(performance.now() / 1000);
      }
      // A checkpoint of a diverged GHN would be useless: wait for a good step.
      if (context.checkpointDue && trainer.skippedInARow === 0) {
        await save();
        throughput.skipTo(performance.now() / 1000);
      }
    }
    const reason = trainer.divergenceAtEnd;
    if (reason !== null) throw divergedGhn(reason);
    await save();
    await context.saveTensors("ghn", "ghn", new Map(Object.entries(trainer.ghn.exportWeights())), {
      format: space.ghn.fileFormat,
      config: JSON.stringify(space.ghn.manifest(run, bench.input)),
    });
    return {
      type: "done",
      summary: {
        steps: trainer.step,
        skippedSteps: trainer.skipped,
        ghnParameters: trainer.ghn.parameterCount,
        validationScore: trainer.lastValidation,
        bestValidationScore: trainer.bestValidation,
      },
    };
  } finally {
    trainer.dispose();
  }
}

function divergedGhn(reason: string): ReturnType<typeof diverged> {
  return diverged(reason, "The training of the GHN");
}
