import { basename } from "node:path";
import { LEFT_OUT_REASONS, leftOutPhrase } from "../../src-shared/domain/left-out.ts";
import type { FromWorker, StartMessage } from "../../src-shared/worker-protocol.ts";
import { backendChoice } from "../engine/backend/backend-choice.ts";
import { initBackend } from "../engine/backend/index.ts";
import { datasetRef } from "../engine/datasets/access/dataset-ref.ts";
import { locationsIn } from "../engine/datasets/access/locations.ts";
import { openDataset, openIndex } from "../engine/datasets/access/open.ts";
import { splitWarnings } from "../engine/datasets/images/split.ts";
import { createStreamBench } from "../engine/evaluation/stream-bench.ts";
import { createWorkbench } from "../engine/evaluation/workbench.ts";
import type { RunEnd } from "../engine/jobs/run-context.ts";
import { runJob, runStreamableJob } from "../engine/jobs/run-job.ts";
import { type Checkpoint, checkpointKey, readCheckpoint } from "../engine/training/checkpoint.ts";
import type { Reporter } from "./reporter.ts";
import { WorkerContext } from "./worker-context.ts";

/** Executes one run until it completes or is asked to stop. Throws UserError for bad input. */
export async function executeRun(
  start: StartMessage,
  post: (message: FromWorker) => void,
  reporter: Reporter,
  onContext: (context: WorkerContext) => void,
): Promise<RunEnd> {
  const { config } = start;
  const backend = await initBackend(backendChoice(config.compute));
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
  const locations = locationsIn(start.dataFolders, config.dataset.id);
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
    // A run that starts from the beginning must not keep results of an earlier attempt that left no checkpoint.
    post({ type: "resumed", step: 0, keep: { stepOfSeries: {}, candidates: 0, trainings: 0 } });
  }
  if (!("mean" in dataset)) {
    const bench = createStreamBench(backend, dataset, config.dataset, {
      threads: config.compute.readers,
      onDamaged: (sentence) => reporter.log("warning", sentence),
    });
    for (const warning of splitWarnings(dataset, bench.split)) reporter.log("warning", warning);
    try {
      return await runStreamableJob(bench, start, context, checkpoint);
    } finally {
      await bench.close();
    }
  }
  const bench = createWorkbench(backend, dataset, config.dataset);
  for (const warning of splitWarnings(dataset, bench.split)) reporter.log("warning", warning);
  return runJob(bench, start, context, checkpoint);
}
