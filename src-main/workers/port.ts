import { type FromWorker, type ToWorker, toWorkerSchema } from "../../src-shared/worker-protocol.ts";

/** A worker's connection to the process that started it. */
export interface Port {
  /** Sends a message; the order is kept. Without effect once the other side is gone. */
  post(message: FromWorker): void;
  /** Receives messages that follow the protocol; others are dropped. */
  onMessage(callback: (message: ToWorker) => void): void;
  /** Sends what was posted, then disconnects, so that the process can exit. */
  close(): void;
}

/** Exit code of a worker whose supervisor vanished. */
export const ORPHANED_EXIT_CODE = 70;

/** The part of Electron's `process.parentPort` that a utility process needs; Electron itself is not imported. */
interface ElectronParentPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { readonly data: unknown }) => void): unknown;
}

/**
 * The port of this process: Electron's when it is a utility process, Node's when it was forked.
 * @throws Error if the process is neither; a worker cannot be started manually
 */
export function processPort(): Port {
  const { parentPort } = process as { parentPort?: ElectronParentPort };
  if (parentPort !== undefined && parentPort !== null) return electronPort(parentPort);
  if (process.send !== undefined) return forkedPort();
  throw new Error("Only GHN Studio can start a run worker; this process has no supervisor to report to.");
}

/** Under `child_process.fork`. */
function forkedPort(): Port {
  let unsent = 0;
  let closing = false;
  const finish = (): void => {
    if (closing && unsent === 0 && process.connected) process.disconnect();
  };
  // These signals reach the whole process group. The supervisor decides what they mean for a run.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
  // Without a supervisor the results would be lost.
  process.on("disconnect", () => {
    if (!closing) process.exit(ORPHANED_EXIT_CODE);
  });
  return {
    post(message) {
      if (!process.connected || closing) return;
      unsent += 1;
      process.send?.(message, undefined, {}, () => {
        unsent -= 1;
        finish();
      });
    },
    onMessage(callback) {
      process.on("message", (data) => {
        const { data: message } = toWorkerSchema.safeParse(data);
        if (message !== undefined) callback(message);
      });
    },
    close() {
      closing = true;
      finish();
    },
  };
}

/** How long a utility process waits for the supervisor to end it before it exits by itself, in milliseconds. */
const ELECTRON_LINGER_MS = 5000;

/** Under Electron's `utilityProcess.fork`, whose port cannot report that a message was sent, and does not close. */
function electronPort(parent: ElectronParentPort): Port {
  let closed = false;
  return {
    post(message) {
      if (!closed) parent.postMessage(message);
    },
    onMessage(callback) {
      parent.on("message", (event) => {
        const { data: message } = toWorkerSchema.safeParse(event.data);
        if (message !== undefined) callback(message);
      });
    },
    close() {
      if (closed) return;
      closed = true;
      // The supervisor ends the process once it has received the last message, so nothing is lost.
      setTimeout(() => process.exit(0), ELECTRON_LINGER_MS);
    },
  };
}
