import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { LEFT_OUT_REASONS, leftOutPhrase } from "../../src-shared/domain/left-out.ts";
import type { FromWorker, ToWorker } from "../../src-shared/worker-protocol.ts";
import { initBackend } from "../engine/backend/index.ts";
import { datasetRef } from "../engine/datasets/access/dataset-ref.ts";
import { openDataset, openIndex } from "../engine/datasets/access/open.ts";
import { splitWarnings } from "../engine/datasets/images/split.ts";
import { createStreamBench } from "../engine/evaluation/stream-bench.ts";
import { createWorkbench } from "../engine/evaluation/workbench.ts";
import { runAnytimeGhn } from "../engine/jobs/anytime-ghn-run.ts";
import { runAnytimeSearch } from "../engine/jobs/anytime-search-run.ts";
import { runAnytimeTraining } from "../engine/jobs/anytime-training-run.ts";
import { runCellTraining } from "../engine/jobs/cell-training-run.ts";
import { runGhnTraining } from "../engine/jobs/ghn-training-run.ts";
import { runPrediction } from "../engine/jobs/prediction-run.ts";
import type { RunEnd } from "../engine/jobs/run-context.ts";
import { runSearch } from "../engine/jobs/search-run.ts";
import { type Checkpoint, checkpointKey, readCheckpoint } from "../engine/training/checkpoint.ts";
import { UserError } from "../lib/errors.ts";
import type { Reporter } from "./reporter.ts";
import { WorkerContext } from "./worker-context.ts";

/** Executes one run to its end, or to the stop that was asked for. Throws UserError for bad input. */
export async function executeRun(
  start: Extract<ToWorker, { type: "start" }>,
  post: (message: FromWorker) => void,
  reporter: Reporter,
  onContext: (context: WorkerContext) => void,
): Promise<RunEnd> {
  const { config } = start;
  const backend = await initBackend({ prefer: config.compute.backend, ...(config.compute.threads > 0 ? { threads: config.compute.threads } : {}) });
  post({
    type: "ready",
    backend: backend.name,
    device: backend.device,
    libraryVersion: backend.libraryVersion,
    fallbackReason: backend.fallbackReason ?? null,
    pid: process.pid,
  });
  if (backend.fallbackReason !== undefined) reporter.log("warning", backend.fallbackReason);
  const ref = datasetRef(config.dataset);
  // The user's own data folder comes last; all projects share its cache.
  const locations = { dataRoot: firstFolderWith(start.dataFolders, config.dataset.id), cacheFolder: join(start.dataFolders.at(-1) ?? ".", "cache") };
  const streamed = config.dataset.streamed === true;
  const dataset = streamed ? await openIndex(ref, locations) : await openDataset(ref, locations);
  post({
    type: "dataset",
    fingerprint: dataset.fingerprint,
    description: `${"name" in dataset ? dataset.name : basename(dataset.root)}: ${dataset.train.count} training and ${dataset.test.count} test images`,
  });
  if (dataset.layout !== undefined) reporter.log("info", `Layout of the images: ${dataset.layout}`);
  for (const entry of dataset.leftOut ?? []) reporter.log(LEFT_OUT_REASONS[entry.reason].counts ? "warning" : "info", `Left out: ${leftOutPhrase(entry)}.`);
  for (const note of dataset.notes) reporter.log("info", note);
  const key = checkpointKey(config, dataset.fingerprint);
  const context = new WorkerContext({
    post,
    reporter,
    artifactFolder: start.artifactFolder,
    relativeFolder: `artifacts/${basename(start.artifactFolder)}`,
    checkpointEverySeconds: config.checkpointEvery,
    checkpointKey: key,
  });
  onContext(context);
  let checkpoint: Checkpoint | null = null;
  if (start.resumeFrom !== null) {
    checkpoint = await readCheckpoint(start.resumeFrom, key);
    post({ type: "resumed", step: checkpoint.step, keep: checkpoint.keep });
    reporter.log("info", `Resumed from the checkpoint of step ${checkpoint.step}.`);
  } else {
    // A run that starts anew must not keep figures of an attempt that left no checkpoint.
    post({ type: "resumed", step: 0, keep: { stepOfSeries: {}, candidates: 0, trainings: 0 } });
  }
  if (!("mean" in dataset)) {
    if (config.kind !== "cell-training") throw new Error(`A run of kind ${config.kind} was to stream its images.`);
    const bench = createStreamBench(backend, dataset, config.dataset, {
      threads: config.compute.readers,
      onDamaged: (sentence) => reporter.log("warning", sentence),
    });
    for (const warning of splitWarnings(dataset, bench.split)) reporter.log("warning", warning);
    try {
      return await runCellTraining(bench, config, start.cells, context, checkpoint);
    } finally {
      await bench.close();
    }
  }
  const bench = createWorkbench(backend, dataset, config.dataset);
  for (const warning of splitWarnings(dataset, bench.split)) reporter.log("warning", warning);
  switch (config.kind) {
    case "ghn-training":
      return runGhnTraining(bench, config, context, checkpoint);
    case "search":
      return runSearch(bench, config, requiredGhn(start), context, checkpoint);
    case "cell-training":
      return runCellTraining(bench, config, start.cells, context, checkpoint);
    case "prediction":
      return runPrediction(bench, config, context, checkpoint);
    case "anytime-ghn":
      return runAnytimeGhn(bench, config, context, checkpoint);
    case "anytime-search":
      return runAnytimeSearch(bench, config, requiredGhn(start), context, checkpoint);
    case "anytime-training":
      return runAnytimeTraining(bench, config, start.networks ?? [], context, checkpoint);
    case "anytime":
    case "pipeline":
    case "study":
      throw new Error(`A ${config.kind} is led by the supervisor and never sent to a worker.`);
  }
}

/** The GHN of a search. @throws UserError when there is none */
function requiredGhn({ ghnFile }: Extract<ToWorker, { type: "start" }>): string {
  if (ghnFile !== null) return ghnFile;
  throw new UserError("The GHN of this search cannot be found.", {
    code: "ghn-missing",
    remedy: "Name a run that finished training a GHN.",
    field: "ghnRunId",
  });
}

/** The first of the data folders that holds the dataset; the first of all when none does. */
function firstFolderWith(folders: readonly string[], id: string): string {
  return folders.find((folder) => existsSync(join(folder, id))) ?? folders[0] ?? ".";
}
