import { UserError } from "../../lib/errors.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import type { SearchSpace } from "../spaces/shared/search-space.ts";
import type { SpaceTypes } from "../spaces/shared/space-types.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
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
    const save = (): Promise<void> =>
      context.saveCheckpoint(trainer.step, trainer.tensors(), trainer.state(), { stepOfSeries: { "0": trainer.step }, candidates: 0, trainings: 0 });
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
      if (trainer.skippedInARow >= training.maxSkippedSteps) {
        throw new UserError(`The training of the GHN diverged: ${trainer.skippedInARow} steps in a row had no finite loss.`, {
          code: "training-diverged",
          remedy: "Start a new run with a lower learning rate or a smaller gradient clip. The last good checkpoint is kept.",
          field: "training.learningRate",
        });
      }
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
