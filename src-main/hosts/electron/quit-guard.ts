/**
 * Asks before running work is lost, on every path out (window, menu, shortcut, system), and only then.
 * Whatever the path, runs are asked to stop with a checkpoint before the processes go.
 */
export interface QuitGuardOptions {
  /** Names of the runs that have a process now. */
  readonly running: () => readonly string[];
  /** Asks the person; true to stop the runs and leave. */
  readonly confirm: (runs: readonly string[]) => Promise<boolean>;
  /** Stops what runs, with checkpoints, and closes; may take a while. */
  readonly stop: () => Promise<void>;
  /** Goes, once nothing is in the way. */
  readonly leave: () => void;
}

export interface Preventable {
  preventDefault(): void;
}

export class QuitGuard {
  readonly #options: QuitGuardOptions;
  #state: "open" | "asking" | "stopping" | "leaving" = "open";

  constructor(options: QuitGuardOptions) {
    this.#options = options;
  }

  /** True once the way is free: events of closing may pass. */
  get leaving(): boolean {
    return this.#state === "leaving";
  }

  /** Handles an event of closing or quitting. Any number of them may come while the question is open. */
  handle(event: Preventable): void {
    if (this.#state === "leaving") return;
    event.preventDefault();
    if (this.#state !== "open") return;
    void this.#ask();
  }

  /** The system goes down or the process is told to end: stop and leave without a question. */
  handleShutdown(event?: Preventable): void {
    if (this.#state === "leaving") return;
    event?.preventDefault();
    if (this.#state !== "stopping") void this.#stopAndLeave();
  }

  async #ask(): Promise<void> {
    const running = this.#options.running();
    if (running.length > 0) {
      this.#state = "asking";
      const agreed = await this.#options.confirm(running).catch(() => false);
      // A shutdown may have come while the question was open.
      if (this.#state !== "asking") return;
      this.#state = "open";
      if (!agreed) return;
    }
    await this.#stopAndLeave();
  }

  async #stopAndLeave(): Promise<void> {
    this.#state = "stopping";
    // A run that cannot be stopped must not keep the application open for ever: it is recovered at the next start.
    await this.#options.stop().catch(() => undefined);
    this.#state = "leaving";
    this.#options.leave();
  }
}

/** The question, as a message box shows it. The first button stops and leaves, the second one stays. */
export function quitQuestion(
  runs: readonly string[],
  what: "quit" | "close",
): { readonly message: string; readonly detail: string; readonly buttons: readonly [string, string] } {
  const [first = ""] = runs;
  return {
    message: runs.length === 1 ? `The run “${first}” is still at work.` : `${runs.length} runs are still at work.`,
    detail:
      `They stop with a checkpoint, as after “Stop”, and can be resumed later.${runs.length > 1 ? `\n\n${runs.slice(0, 5).join("\n")}${runs.length > 5 ? "\n…" : ""}` : ""}`.replace(
        "They stop",
        runs.length === 1 ? "It stops" : "They stop",
      ),
    buttons: [what === "quit" ? "Stop and Quit" : "Stop and Close", "Cancel"],
  };
}
