import type { GhnTraining, GhnTrainingRun } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { GHN_FILE_FORMAT } from "../baselines/generator-file.ts";
import type { Workbench } from "../evaluation/workbench.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import { CellGhnTask } from "../training/ghn-task.ts";
import { type GhnTask, GhnTrainer, type GhnTrainerConfig } from "../training/ghn-trainer.ts";
import type { RunContext, RunEnd } from "./run-context.ts";
import { Throughput } from "./timing.ts";

/** Trains a GHN on the standard space to the end of its epochs, or to a stop; leaves the GHN as an artifact. */
export async function runGhnTraining(bench: Workbench, config: GhnTrainingRun, context: RunContext, checkpoint: Checkpoint | null): Promise<RunEnd> {
  const manifest = { ghn: config.ghn, network: config.network, input: bench.input, trainingNodes: config.training.nodes, space: config.space };
  const metadata = { format: GHN_FILE_FORMAT, config: JSON.stringify(manifest) };
  return trainGhn(bench, config, new CellGhnTask(bench, config), metadata, context, checkpoint);
}

/** Settings of the loop around the steps. */
interface LoopConfig extends GhnTrainerConfig {
  readonly training: GhnTrainerConfig["training"] & Pick<GhnTraining, "validateEvery" | "validationCells" | "maxSkippedSteps">;
}

/**
 * The loop that all GHNs are trained with. Disposes the task.
 * @param metadata of the file that the GHN is left in
 */
export async function trainGhn(
  bench: Workbench,
  config: LoopConfig,
  task: GhnTask,
  metadata: Record<string, string>,
  context: RunContext,
  checkpoint: Checkpoint | null,
): Promise<RunEnd> {
  const trainer = new GhnTrainer(bench, config, task);
  try {
    if (checkpoint !== null) trainer.restore(checkpoint);
    const { training } = config;
    const stepsBetweenValidations = Math.max(1, Math.round(training.validateEvery * trainer.stepsPerEpoch));
    const throughput = new Throughput(performance.now() / 1000);
    const save = (): Promise<void> =>
      context.saveCheckpoint(trainer.step, trainer.tensors(), trainer.state(), { stepOfSeries: { "0": trainer.step }, candidates: 0, trainings: 0 });
    context.log("info", `The GHN has ${trainer.ghn.parameterCount.toLocaleString("en")} parameters; ${trainer.totalSteps} steps are ahead.`);
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
      if (trainer.lastArchitecture !== null) context.current(`Step ${step}`, trainer.lastArchitecture);
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
        const { accuracy, loss } = trainer.validate();
        context.metric("ghn/validation-accuracy", step, epoch, accuracy);
        context.metric("ghn/validation-loss", step, epoch, loss);
        await context.breathe();
        throughput.skipTo(performance.now() / 1000);
      }
      // A checkpoint of a diverged GHN would be worth nothing: wait for a good step.
      if (context.checkpointDue && trainer.skippedInARow === 0) {
        await save();
        throughput.skipTo(performance.now() / 1000);
      }
    }
    await save();
    await context.saveTensors("ghn", "ghn", new Map(Object.entries(trainer.ghn.exportWeights())), metadata);
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
