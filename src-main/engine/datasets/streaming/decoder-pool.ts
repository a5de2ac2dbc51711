import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { threadEntry } from "../../../lib/thread-entry.ts";
import type { DecodeRequest, DecodeSettings } from "./decode.ts";
import type { DecodeAnswer, DecodeJob } from "./decode-worker.ts";

/** Images that a thread gets at a time. */
export const GROUP = 4;
/** Groups that a thread has at once: one at work, one waiting, so that it never waits for a message. */
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

/** Threads for a number that the user leaves open: all processors but one, which computes. */
export function usualThreads(): number {
  return Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1));
}

/**
 * Threads that decode images, started with the first group and ended by `close`. Groups are begun in the order in which they came. The pool knows nothing of
 * batches: who asks for groups bounds how many wait.
 */
export class DecoderPool {
  private readonly size: number;
  private threads: Thread[] = [];
  private readonly queue: Waiting[] = [];
  private nextId = 0;
  /** Why nothing is decoded any more. */
  private ended: Error | null = null;

  /** @param threads how many; by default {@link usualThreads} */
  constructor(threads = usualThreads()) {
    if (!Number.isInteger(threads) || threads < 1) throw new RangeError(`A pool needs at least one thread, not ${threads}.`);
    this.size = threads;
  }

  /** Threads that are alive. */
  get alive(): number {
    return this.threads.length;
  }

  /** Groups that are at work or wait for a thread. */
  get pending(): number {
    return this.queue.length + this.threads.reduce((sum, { jobs }) => sum + jobs.size, 0);
  }

  /**
   * Decodes a group of images into a batch. An image that fails leaves its place in the batch as it was and is named in the answer.
   * @throws Error when the pool is closed, or a thread died
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

  /** Ends the threads; what was not decoded is rejected. */
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
    const worker = new Worker(threadEntry(import.meta, "decode-worker"));
    const thread: Thread = { worker, jobs: new Map() };
    worker.on("message", ({ id, failures }: DecodeAnswer) => {
      const waiting = thread.jobs.get(id);
      thread.jobs.delete(id);
      waiting?.resolve(failures);
      this.hand();
    });
    worker.on("error", (error) => this.end(error));
    worker.on("exit", (code) => this.end(new Error(`A thread that decodes images ended with code ${code}.`)));
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
