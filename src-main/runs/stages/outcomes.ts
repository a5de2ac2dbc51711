import type { RunFailure, RunStatus } from "../../../src-shared/domain/records/run.ts";
import { isUserError } from "../../lib/errors.ts";
import type { RunFacts } from "../../store/records/runs.ts";

/** How a run ended, in one life or for good. */
export interface Outcome {
  readonly status: Extract<RunStatus, "completed" | "failed" | "stopped" | "interrupted">;
  readonly failure: RunFailure | null;
  readonly summary?: RunFacts["summary"];
}

const RESUME = "Resume the run: it goes on from its last checkpoint.";

export const STOPPED: Outcome = { status: "stopped", failure: null };
export const KILLED: Outcome = { status: "interrupted", failure: { message: "The run was ended at once, as asked.", remedy: RESUME } };
export const CLOSED: Outcome = { status: "interrupted", failure: { message: "The studio was closed before this run had stopped.", remedy: RESUME } };

export function disobedient(graceMs: number): Outcome {
  return {
    status: "interrupted",
    failure: { message: `The run did not stop within ${Math.round(graceMs / 1000)} seconds, so its process was ended.`, remedy: RESUME },
  };
}

export function silent(silenceMs: number): Outcome {
  return {
    status: "interrupted",
    failure: { message: `The process of the run gave no sign of life for ${Math.round(silenceMs / 1000)} seconds and was ended.`, remedy: RESUME },
  };
}

/** A run that could not even begin: what is wrong with its inputs, or with us. */
export function notStarted(error: unknown, what = "The run could not be started"): Outcome {
  if (isUserError(error)) return { status: "failed", failure: { message: error.message, remedy: error.remedy } };
  const known = error instanceof Error;
  return {
    status: "failed",
    failure: {
      message: `${what}: ${known ? error.message : String(error)}`,
      remedy: "Resume it; if that fails the same way, report it.",
      ...(known && error.stack !== undefined ? { detail: error.stack } : {}),
    },
  };
}

/** What went wrong when the project could not be written. */
export function storeFailure(error: unknown): RunFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const detail = error instanceof Error ? { detail: `${error.message} ${code}`.trim() } : {};
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code.startsWith("SQLITE_IOERR"))
    return {
      message: "The results of the run could not be stored: the disk of the project is full or cannot be written.",
      remedy: "Free some space, then resume the run.",
      ...detail,
    };
  return {
    message: "The results of the run could not be stored in the project.",
    remedy: "Check that the project folder can be written, then resume the run.",
    ...detail,
  };
}
