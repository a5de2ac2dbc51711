/** Handles stop signals (Ctrl-C, kill, a closed terminal) in commands without a run. */
import { onStopRequest, stopStatus } from "../../lib/stop-signals.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Stops listening. */
  release(): void;
  /** Ends the command with the exit status of the signal. */
  exit(): never;
}

/** The first signal aborts `signal` and prints the message; a later one exits immediately. */
export function cancelOnInterrupt(io: Io, message: string): Interrupt {
  const controller = new AbortController();
  const requests = onStopRequest(
    () => {
      io.note(`\n${message}`);
      controller.abort();
    },
    (signal) => process.exit(stopStatus(signal)),
  );
  return {
    signal: controller.signal,
    release: requests.release,
    exit: () => {
      throw new Exit(stopStatus(requests.signal ?? "SIGINT"));
    },
  };
}
