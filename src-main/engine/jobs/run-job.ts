import type { StartMessage } from "../../../src-shared/worker-protocol.ts";
import { UserError } from "../../lib/errors.ts";
import type { TrainingBench, Workbench } from "../evaluation/workbench.ts";
import { spaceOf } from "../spaces/index.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import { runGhnTraining } from "./ghn-training-run.ts";
import { runNetworkTraining } from "./network-training-run.ts";
import { runPrediction } from "./prediction-run.ts";
import type { RunContext, RunEnd } from "./run-context.ts";
import { runSearch } from "./search-run.ts";

/** What a run works on: its config, its GHN and the networks to train. */
export type JobInput = Pick<StartMessage, "config" | "ghnFile" | "subjects">;

/** Executes a run on images in memory, in any search space. @throws UserError for bad input */
export function runJob(bench: Workbench, input: JobInput, context: RunContext, checkpoint: Checkpoint | null): Promise<RunEnd> {
  const { config } = input;
  const space = spaceOf(config.kind);
  switch (config.kind) {
    case "ghn-training":
    case "anytime-ghn":
      return runGhnTraining(bench, space, config, context, checkpoint);
    case "search":
    case "anytime-search":
      return runSearch(bench, space, config, requiredGhn(input), context, checkpoint);
    case "cell-training":
    case "anytime-training":
      return runStreamableJob(bench, input, context, checkpoint);
    case "prediction":
      return runPrediction(bench, space, config, context, checkpoint);
    case "anytime":
    case "pipeline":
    case "study":
      throw new Error(`A ${config.kind} is coordinated by the supervisor and never sent to a worker.`);
  }
}

/** Executes a run that needs its images only batch by batch, so they may be streamed. */
export function runStreamableJob(bench: TrainingBench, { config, subjects }: JobInput, context: RunContext, checkpoint: Checkpoint | null): Promise<RunEnd> {
  if (config.kind !== "cell-training" && config.kind !== "anytime-training") throw new Error(`A run of kind ${config.kind} cannot stream its images.`);
  return runNetworkTraining(bench, spaceOf(config.kind), config, subjects, context, checkpoint);
}

/** The GHN of a search. @throws UserError if there is none */
function requiredGhn({ ghnFile }: JobInput): string {
  if (ghnFile !== null) return ghnFile;
  throw new UserError("The GHN of this search cannot be found.", {
    code: "ghn-missing",
    remedy: "Choose a run that has finished training a GHN.",
    field: "ghnRunId",
  });
}
