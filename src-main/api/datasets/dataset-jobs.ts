/** Runs each dataset job in its own thread. */
import { Worker } from "node:worker_threads";
import type { DatasetId } from "../../../src-shared/domain/dataset-facts.ts";
import type { DatasetDescription } from "../../engine/datasets/access/describe.ts";
import type { DatasetProgress, DatasetRef } from "../../engine/datasets/images/types.ts";
import { UserError } from "../../lib/errors.ts";

export type DatasetJob =
  | { readonly type: "describe"; readonly ref: DatasetRef; readonly dataRoot: string; readonly cacheFolder: string }
  | { readonly type: "preview"; readonly ref: DatasetRef; readonly dataRoot: string; readonly cacheFolder: string; readonly perClass: number }
  | { readonly type: "download"; readonly id: DatasetId; readonly dataRoot: string }
  | {
      readonly type: "import";
      readonly id: DatasetId;
      readonly path: string;
      readonly dataRoot: string;
      readonly cacheFolder: string;
      readonly name?: string;
      readonly replace: boolean;
    };

export interface JobResults {
  readonly describe: DatasetDescription;
  readonly preview: readonly { readonly label: number; readonly url: string }[];
  readonly download: DatasetDescription;
  readonly import: DatasetDescription;
}

export type FromDatasetWorker =
  | { readonly type: "progress"; readonly progress: DatasetProgress }
  | { readonly type: "done"; readonly value: JobResults[DatasetJob["type"]] }
  | {
      readonly type: "refused";
      readonly error: { readonly message: string; readonly code: string; readonly remedy: string; readonly field?: string; readonly file?: string };
    }
  | { readonly type: "cancelled" }
  | { readonly type: "broken"; readonly message: string };

/** Thrown if a job was cancelled. */
export class JobCancelled extends Error {
  constructor() {
    super("The job was cancelled.");
    this.name = "JobCancelled";
  }
}

/**
 * Runs a job in its thread.
 * @param entry path of dataset-worker, as source or build output
 * @throws UserError as the functions of engine/datasets; JobCancelled
 */
export function runDatasetJob<Type extends DatasetJob["type"]>(
  entry: string,
  job: Extract<DatasetJob, { type: Type }>,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: DatasetProgress) => void } = {},
): Promise<JobResults[Type]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData: job });
    const cancel = (): void => worker.postMessage("cancel");
    const end = (settle: () => void): void => {
      options.signal?.removeEventListener("abort", cancel);
      settle();
    };
    if (options.signal?.aborted === true) cancel();
    else options.signal?.addEventListener("abort", cancel, { once: true });
    worker.on("message", (message: FromDatasetWorker) => {
      switch (message.type) {
        case "progress":
          options.onProgress?.(message.progress);
          break;
        case "done":
          end(() => resolve(message.value as JobResults[Type]));
          break;
        case "refused": {
          const { message: text, ...details } = message.error;
          end(() => reject(new UserError(text, details)));
          break;
        }
        case "cancelled":
          end(() => reject(new JobCancelled()));
          break;
        case "broken":
          end(() => reject(new Error(message.message)));
          break;
      }
    });
    worker.on("error", (error) => end(() => reject(error)));
    worker.on("exit", (code) => end(() => reject(new Error(`The dataset thread exited with code ${code}.`))));
  });
}
