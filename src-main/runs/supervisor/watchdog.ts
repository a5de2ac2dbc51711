import type { Attempt } from "../attempt/attempt.ts";
import { unresponsive } from "../outcomes/run-outcome.ts";

/** If a check is this late, in milliseconds, the machine was asleep, and no process is considered unresponsive. */
const ASLEEP_MS = 30_000;

/** Terminates attempts whose process has stopped sending messages. */
export class Watchdog {
  private readonly silenceMs: number;
  private lastCheck = performance.now();

  /** @param silenceMs how long a process may be unresponsive, in milliseconds */
  constructor(silenceMs: number) {
    this.silenceMs = silenceMs;
  }

  check(attempts: Iterable<Attempt>): void {
    const now = performance.now();
    const wasAsleep = now - this.lastCheck > ASLEEP_MS;
    this.lastCheck = now;
    for (const attempt of attempts) {
      if (wasAsleep) attempt.lastSeen = now;
      if (now - attempt.lastSeen > this.silenceMs) attempt.terminate(unresponsive(this.silenceMs));
    }
  }
}
