/**
 * Asks before running work is interrupted, however the application is closed (window, menu, shortcut, system), and only
 * then. Runs are always asked to stop with a checkpoint before their processes end.
 */
export interface QuitGuardOptions {
  /** Names of the runs that are running. */
  readonly running: () => readonly string[];
  /** Asks the user; true to stop the runs and leave. */
  readonly confirm: (runs: readonly string[]) => Promise<boolean>;
  /** Stops all runs with checkpoints and closes the project; may take a while. */
  readonly stop: () => Promise<void>;
  /** Closes the window or quits, once nothing prevents it. */
  readonly leave: () => void;
}

export interface Preventable {
  preventDefault(): void;
}

export class QuitGuard {
  private readonly options: QuitGuardOptions;
  private state: "open" | "asking" | "stopping" | "leaving" = "open";

  constructor(options: QuitGuardOptions) {
    this.options = options;
  }

  /** True once leaving is allowed: close events may pass. */
  get leaving(): boolean {
    return this.state === "leaving";
  }

  /** Handles a close or quit event. Further ones are ignored while the question is open. */
  handle(event: Preventable): void {
    if (this.state === "leaving") return;
    event.preventDefault();
    if (this.state !== "open") return;
    void this.ask();
  }

  /** System shutdown or a signal: stop and leave without asking. */
  handleShutdown(event?: Preventable): void {
    if (this.state === "leaving") return;
    event?.preventDefault();
    if (this.state !== "stopping") void this.stopAndLeave();
  }

  private async ask(): Promise<void> {
    const running = this.options.running();
    if (running.length > 0) {
      this.state = "asking";
      const agreed = await this.options.confirm(running).catch(() => false);
      // A shutdown may have started while the question was open.
      if (this.state !== "asking") return;
      this.state = "open";
      if (!agreed) return;
    }
    await this.stopAndLeave();
  }

  private async stopAndLeave(): Promise<void> {
    this.state = "stopping";
    // A run that cannot be stopped must not block closing forever: it is recovered at the next start.
    await this.options.stop().catch(() => undefined);
    this.state = "leaving";
    this.options.leave();
  }
}

/** The question for a message box. The first button stops and leaves, the second one cancels. */
export function quitQuestion(
  runs: readonly string[],
  what: "quit" | "close",
): { readonly message: string; readonly detail: string; readonly buttons: readonly [string, string] } {
  const [first = ""] = runs;
  return {
    message: runs.length === 1 ? `The run “${first}” is still running.` : `${runs.length} runs are still running.`,
    detail:
      `They stop with a checkpoint, as after “Stop”, and can be resumed later.${runs.length > 1 ? `\n\n${runs.slice(0, 5).join("\n")}${runs.length > 5 ? "\n…" : ""}` : ""}`.replace(
        "They stop",
        runs.length === 1 ? "It stops" : "They stop",
      ),
    buttons: [what === "quit" ? "Stop and Quit" : "Stop and Close", "Cancel"],
  };
}
