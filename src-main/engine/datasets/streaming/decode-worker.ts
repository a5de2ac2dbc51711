/** Entry of a thread that decodes images. It gets groups of images, writes their pixels into shared memory and answers which of them failed. */
import { parentPort } from "node:worker_threads";
import sharp from "sharp";
import { type DecodeRequest, type DecodeSettings, decodeInto } from "./decode.ts";

/** A group of images of one batch. */
export interface DecodeJob {
  readonly id: number;
  readonly batch: SharedArrayBuffer;
  readonly settings: DecodeSettings;
  readonly requests: readonly DecodeRequest[];
}

/** Which requests of a job failed, by position, and why. */
export interface DecodeAnswer {
  readonly id: number;
  readonly failures: readonly { readonly index: number; readonly reason: string }[];
}

// The threads are the parallelism: one core an image, and nothing kept that is never asked for again.
sharp.concurrency(1);
sharp.cache(false);

const port = parentPort;
if (port === null) throw new Error("This is the entry of a worker thread.");

port.on("message", (job: DecodeJob) => {
  const batch = new Uint8Array(job.batch);
  const decoded = job.requests.map((request, index) =>
    decodeInto(batch, request, job.settings).then(
      () => [],
      (error: unknown) => [{ index, reason: error instanceof Error ? (error.message.split("\n")[0] ?? "").trim() : String(error) }],
    ),
  );
  void Promise.all(decoded).then((failures) => port.postMessage({ id: job.id, failures: failures.flat() } satisfies DecodeAnswer));
});
