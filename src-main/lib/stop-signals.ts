/** Signals that ask a process to stop: the first one stops it gracefully, a later one immediately. */
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { isatty } from "node:tty";

export const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/**
 * Signals within this time after the first one belong to it, in milliseconds: a process group, `timeout`, npm, the launcher and a batch system
 * each deliver the same request, often twice.
 */
export const SAME_REQUEST_MS = 2000;

/** Exit status of a process that a signal stopped, as shells report it: 130 SIGINT, 143 SIGTERM, 129 SIGHUP. */
export function stopStatus(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

export interface StopRequests {
  /** The first signal; null before. */
  readonly signal: StopSignal | null;
  /** Stops listening, so that signals have their default effect again. */
  release(): void;
}

/**
 * Listens for stop signals.
 * @param first called once, at the first signal
 * @param again called at every signal that arrives more than {@link SAME_REQUEST_MS} after the first one
 */
export function onStopRequest(first: (signal: StopSignal) => void, again: (signal: StopSignal) => void): StopRequests {
  let received: { readonly signal: StopSignal; readonly at: number } | null = null;
  const listener = (signal: NodeJS.Signals): void => {
    const stop = STOP_SIGNALS.find((known) => known === signal);
    if (stop === undefined) return;
    if (received === null) {
      received = { signal: stop, at: performance.now() };
      first(stop);
    } else if (performance.now() - received.at > SAME_REQUEST_MS) again(stop);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
  return {
    get signal() {
      return received?.signal ?? null;
    },
    release: () => {
      for (const signal of STOP_SIGNALS) process.off(signal, listener);
    },
  };
}

/** Without a listener, Node opens a debugger port at SIGUSR1. */
export function ignoreDebuggerSignal(): void {
  if (process.platform !== "win32") process.on("SIGUSR1", () => undefined);
}

/**
 * Lets the process exit normally after its terminal was closed. Node restores the terminal settings at exit and aborts if that fails, but skips
 * closed file descriptors.
 */
export function surviveClosedTerminal(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  if (terminals.length === 0) return;
  process.on("exit", () => {
    for (const descriptor of terminals) {
      try {
        if (!isatty(descriptor)) closeSync(descriptor);
      } catch {
        // It is closed already.
      }
    }
  });
}
