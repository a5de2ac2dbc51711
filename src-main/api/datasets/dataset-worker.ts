/**
 * Entry of a thread that runs one dataset job. Reading CIFAR-10 with statistics and checksum takes seconds, and the main process has to answer windows
 * meanwhile.
 */
import { parentPort, workerData } from "node:worker_threads";
import { describeDataset } from "../../engine/datasets/access/describe.ts";
import { previewDataset } from "../../engine/datasets/access/preview.ts";
import { downloadDataset } from "../../engine/datasets/install/download.ts";
import { importDataset } from "../../engine/datasets/install/import.ts";
import { isUserError } from "../../lib/errors.ts";
import type { DatasetJob, FromDatasetWorker, JobResults } from "./dataset-jobs.ts";

const port = parentPort;
if (port === null) throw new Error("This file is the entry of a worker thread.");

const abort = new AbortController();
port.on("message", () => abort.abort(new DOMException("Cancelled.", "AbortError")));
const post = (message: FromDatasetWorker): void => port.postMessage(message);

async function work(job: DatasetJob): Promise<JobResults[DatasetJob["type"]]> {
  const options = {
    signal: abort.signal,
    onProgress: (progress: Extract<FromDatasetWorker, { type: "progress" }>["progress"]) => post({ type: "progress", progress }),
  };
  switch (job.type) {
    case "describe":
      return describeDataset(job.ref, { dataRoot: job.dataRoot, cacheFolder: job.cacheFolder, ...options });
    case "preview": {
      const images = await previewDataset(job.ref, job.perClass, { dataRoot: job.dataRoot, cacheFolder: job.cacheFolder, ...options });
      return images.map(({ classIndex, png }) => ({ label: classIndex, url: `data:image/png;base64,${Buffer.from(png).toString("base64")}` }));
    }
    case "download":
      return downloadDataset(job.id, job.dataRoot, options);
    case "import":
      return importDataset(job.path, job.id, job.dataRoot, {
        ...options,
        cacheFolder: job.cacheFolder,
        ...(job.name === undefined ? {} : { name: job.name }),
        replace: job.replace,
      });
  }
}

try {
  post({ type: "done", value: await work(workerData as DatasetJob) });
} catch (error) {
  if (abort.signal.aborted) post({ type: "cancelled" });
  else if (isUserError(error)) post({ type: "refused", error: error.toJSON() });
  else post({ type: "broken", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
port.close();
