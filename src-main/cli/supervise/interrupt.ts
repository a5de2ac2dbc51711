/** What Ctrl-C (and a polite kill) does while a command works. */

import { Exit } from "../output/errors.ts";
import { EXIT } from "../output/exit-codes.ts";
import type { Io } from "../output/io.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export interface Interrupt {
  readonly signal: AbortSignal;
  /** Stops listening. */
  release(): void;
  /** Ends the command as one that Ctrl-C ended. */
  exit(): never;
}

/** The first Ctrl-C aborts the signal with a word on what happens; the second ends the process at once. */
export function cancelOnInterrupt(io: Io, message: string): Interrupt {
  const controller = new AbortController();
  const release = onInterrupt(
    () => {
      io.note(`\n${message}`);
      controller.abort();
    },
    () => process.exit(EXIT.stopped),
  );
  return {
    signal: controller.signal,
    release,
    exit: () => {
      throw new Exit(EXIT.stopped);
    },
  };
}

/** Calls `first` at the first signal and `again` at each later one, until the answer is called. */
export function onInterrupt(first: () => void, again: () => void): () => void {
  let count = 0;
  const listener = (): void => {
    count += 1;
    if (count === 1) first();
    else again();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
