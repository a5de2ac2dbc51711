import { outOfMemoryKills } from "../../lib/memory.ts";
import { parseFromWorker } from "../child/from-worker.ts";
import type { ChildExit } from "../child/launcher.ts";
import { OutputTail } from "../child/output-tail.ts";
import { exitReason } from "../outcomes/exit-reason.ts";
import { type RunOutcome, stopTimedOut } from "../outcomes/run-outcome.ts";
import { storeFailure } from "../outcomes/store-failure.ts";
import { MessageRecorder, type MessageRecorderOptions } from "./message-recorder.ts";

export interface AttemptOptions extends Omit<MessageRecorderOptions, "end" | "terminate"> {
  /** How long the run may take to stop after a request, in milliseconds. */
  readonly stopGraceMs: number;
  /** Called once, as soon as the outcome is known; the process may still be alive. */
  readonly onOutcome: (outcome: RunOutcome) => void;
  /** Called once, when the process is gone. */
  readonly onGone: () => void;
}

/** How long a process may take to exit after its last message, in milliseconds. */
const EXIT_GRACE_MS = 10_000;

/** One attempt to execute a run in a child process: stores what the child reports and determines the outcome. */
export class Attempt {
  /** Time of the last message, on the clock of `performance.now()`. */
  lastSeen = performance.now();
  private readonly options: AttemptOptions;
  private readonly recorder: MessageRecorder;
  private readonly output = new OutputTail();
  private outcome: RunOutcome | null = null;
  /** Outcome of a process that is being terminated, once it is gone. */
  private pendingOutcome: RunOutcome | null = null;
  private timer: NodeJS.Timeout | null = null;
  private killsSeen = outOfMemoryKills();

  constructor(options: AttemptOptions) {
    this.options = options;
    this.recorder = new MessageRecorder({
      ...options,
      end: (outcome) => this.end(outcome),
      terminate: (outcome) => this.terminate(outcome),
    });
    const { child, start } = options;
    child.onOutput((text) => this.output.add(text));
    child.onMessage((data) => this.receive(data));
    child.onExit((exit) => this.gone(exit));
    child.post(start);
  }

  /** Process seconds of the run over all attempts. */
  get activeSeconds(): number {
    return this.recorder.activeSeconds;
  }

  /** Asks for a checkpoint and a graceful stop; terminates the process if it does not stop in time. */
  stop(): void {
    if (this.outcome !== null || this.timer !== null) return;
    this.options.child.post({ type: "stop" });
    const { stopGraceMs } = this.options;
    this.timer = setTimeout(() => this.terminate(stopTimedOut(stopGraceMs)), stopGraceMs);
  }

  /** Kills the process. The run ends with this outcome, unless it has already reported its own. */
  terminate(outcome: RunOutcome): void {
    if (this.outcome === null) this.pendingOutcome ??= outcome;
    this.options.child.kill();
  }

  private receive(data: unknown): void {
    this.lastSeen = performance.now();
    this.killsSeen = outOfMemoryKills();
    const message = parseFromWorker(data);
    if (message === null) {
      this.recorder.log("warning", "An invalid message from the process of the run was ignored.");
      return;
    }
    // Nothing is stored after the end, because the run may already be running in another process.
    if (this.outcome !== null || this.pendingOutcome !== null) return;
    try {
      this.recorder.record(message);
    } catch (error) {
      this.terminate({ status: "interrupted", failure: storeFailure(error) });
    }
  }

  /** Whether the kernel has killed a process for lack of memory since the last message. */
  private kernelKilled(): boolean {
    return this.killsSeen !== null && (outOfMemoryKills() ?? 0) > this.killsSeen;
  }

  private end(outcome: RunOutcome): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.options.child.kill(), EXIT_GRACE_MS);
    this.options.live.flush();
    this.options.onOutcome(outcome);
  }

  private gone(exit: ChildExit): void {
    if (this.outcome === null) {
      const output = this.output.toString();
      const pending = this.pendingOutcome;
      if (pending === null)
        this.end({
          status: "interrupted",
          failure: exitReason({ ...exit, output, memoryBytes: this.recorder.memoryBytes, kernelKilled: this.kernelKilled() }),
        });
      else this.end({ ...pending, failure: withOutput(pending.failure, output) });
    }
    if (this.timer !== null) clearTimeout(this.timer);
    this.options.onGone();
  }
}

/** The failure, with the last output of the process as its detail unless it already has one. */
function withOutput(failure: RunOutcome["failure"], output: string): RunOutcome["failure"] {
  return failure === null || output === "" || failure.detail !== undefined ? failure : { ...failure, detail: output };
}
