import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { entryPath } from "../../../lib/entries.ts";
import type { DecodeRequest, DecodeSettings } from "../decoding/decode-into.ts";
import type { DecodeAnswer, DecodeJob } from "./decode-worker.ts";

/** Images per job of a thread. */
export const GROUP = 4;
/** Jobs per thread: one running and one waiting, so that the thread never waits for a message. */
const AHEAD = 2;
const MOST_THREADS = 16;

export type DecodeFailures = DecodeAnswer["failures"];

interface Waiting {
  readonly job: DecodeJob;
  readonly resolve: (failures: DecodeFailures) => void;
  readonly reject: (reason: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, Waiting>;
}

/** Default number of threads: all processors but one, which computes. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1));
}

/**
 * Threads that decode images, started by the first job and terminated by `close`. Jobs start in the order of the calls. The pool does not limit the queue;
 * callers do.
 */
export class DecoderPool {
  private readonly size: number;
  private threads: Thread[] = [];
  private readonly queue: Waiting[] = [];
  private nextId = 0;
  /** Why the pool ended; null while it is usable. */
  private ended: Error | null = null;

  /** @param threads number of threads, by default {@link defaultThreads} */
  constructor(threads = defaultThreads()) {
    if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`A decoder pool needs at least one thread, but got ${threads}.`);
    this.size = threads;
  }

  /** Running threads. */
  get alive(): number {
    return this.threads.length;
  }

  /** Jobs that are running or waiting. */
  get pending(): number {
    return this.queue.length + this.threads.reduce((sum, { jobs }) => sum + jobs.size, 0);
  }

  /**
   * Decodes a group of images into a batch. If an image fails, its place in the batch is unchanged and the result names it.
   * @throws Error if the pool is closed or a thread died
   */
  decode(batch: SharedArrayBuffer, settings: DecodeSettings, requests: readonly DecodeRequest[]): Promise<DecodeFailures> {
    return new Promise((resolve, reject) => {
      if (this.ended !== null) {
        reject(this.ended);
        return;
      }
      while (this.threads.length < this.size) this.threads.push(this.startThread());
      this.queue.push({ job: { id: this.nextId++, batch, settings, requests }, resolve, reject });
      this.hand();
    });
  }

  /** Terminates the threads and rejects pending jobs. */
  async close(): Promise<void> {
    const { threads } = this;
    this.end(new Error("The images are no longer needed."));
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  private hand(): void {
    for (let had = 0; had < AHEAD; had++) {
      for (const thread of this.threads) {
        if (thread.jobs.size !== had) continue;
        const next = this.queue.shift();
        if (next === undefined) return;
        thread.jobs.set(next.job.id, next);
        thread.worker.postMessage(next.job);
      }
    }
  }

  private startThread(): Thread {
    const worker = new Worker(entryPath("decode-worker"));
    const thread: Thread = { worker, jobs: new Map() };
    worker.on("message", ({ id, failures }: DecodeAnswer) => {
      const waiting = thread.jobs.get(id);
      thread.jobs.delete(id);
      waiting?.resolve(failures);
      this.hand();
    });
    worker.on("error", (error) => this.end(error));
    worker.on("exit", (code) => this.end(new Error(`An image decoder thread exited with code ${code}.`)));
    return thread;
  }

  private end(reason: Error): void {
    if (this.ended !== null) return;
    this.ended = reason;
    const waiting = [...this.threads.flatMap(({ jobs }) => [...jobs.values()]), ...this.queue.splice(0)];
    const { threads } = this;
    this.threads = [];
    for (const { reject } of waiting) reject(reason);
    for (const { worker } of threads) void worker.terminate();
  }
}
