/** Entry of a thread that decodes groups of images into shared memory and reports which of them failed. */
import { parentPort } from "node:worker_threads";
import sharp from "sharp";
import { type DecodeRequest, type DecodeSettings, decodeInto } from "../decoding/decode-into.ts";

/** A group of images of one batch. */
export interface DecodeJob {
  readonly id: number;
  readonly batch: SharedArrayBuffer;
  readonly settings: DecodeSettings;
  readonly requests: readonly DecodeRequest[];
}

/** The requests of a job that failed, by position, with the reason. */
export interface DecodeAnswer {
  readonly id: number;
  readonly failures: readonly { readonly index: number; readonly reason: string }[];
}

// One core per image, because the threads provide the parallelism; no cache, because images are not decoded twice in a row.
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
