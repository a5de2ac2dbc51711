import type { RunFailure, RunStatus } from "../../../src-shared/domain/records/run.ts";
import { isUserError, type UserError } from "../../lib/errors.ts";
import type { RunRecord } from "../../store/records/runs.ts";

/** How an attempt to execute a run ended. */
export interface RunOutcome {
  readonly status: Extract<RunStatus, "completed" | "failed" | "stopped" | "interrupted">;
  readonly failure: RunFailure | null;
  readonly summary?: RunRecord["summary"];
}

export const RESUME_REMEDY = "Resume the run: it continues from its last checkpoint.";

export const STOPPED: RunOutcome = { status: "stopped", failure: null };
export const KILLED = interrupted("The run was killed on request.");
export const CLOSED = interrupted("GHN Studio was closed before this run had stopped.");
/** The process that executed the run died without recording an outcome. */
export const LOST = interrupted("GHN Studio ended while this run was running.");

/** The project folder is no longer where it was. */
export function projectLost({ message, remedy }: UserError): RunOutcome {
  return { status: "interrupted", failure: { message, remedy } };
}

export function stopTimedOut(graceMs: number): RunOutcome {
  return interrupted(`The run did not stop within ${seconds(graceMs)}, so its process was terminated.`);
}

export function unresponsive(silenceMs: number): RunOutcome {
  return interrupted(`The process of the run did not respond for ${seconds(silenceMs)} and was terminated.`);
}

/** The outcome of a run without a usable training. @param what what was trained, in the plural @param reason why the first one diverged */
export function allDiverged(what: string, reason = ""): RunOutcome {
  return {
    status: "failed",
    failure: {
      message: `All trainings of the ${what} diverged. ${reason}`.trim(),
      remedy: "Start a new run with a lower learning rate or a smaller gradient clip.",
    },
  };
}

/** The outcome of a run that could not start, because of an invalid input or a bug. */
export function notStarted(error: unknown, what = "The run could not be started"): RunOutcome {
  if (isUserError(error)) return { status: "failed", failure: { message: error.message, remedy: error.remedy } };
  const known = error instanceof Error;
  return {
    status: "failed",
    failure: {
      message: `${what}: ${known ? error.message : String(error)}`,
      remedy: "Resume the run. If it fails in the same way, report the problem.",
      ...(known && error.stack !== undefined ? { detail: error.stack } : {}),
    },
  };
}

function interrupted(message: string): RunOutcome & { readonly failure: RunFailure } {
  return { status: "interrupted", failure: { message, remedy: RESUME_REMEDY } };
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} seconds`;
}
