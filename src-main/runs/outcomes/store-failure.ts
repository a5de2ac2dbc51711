import type { RunFailure } from "../../../src-shared/domain/records/run.ts";
import { isCorrupt, REPAIR_REMEDY } from "../../store/database/damage.ts";
import { isStoreError } from "../../store/database/store-error.ts";
import { notStarted, type RunOutcome } from "./run-outcome.ts";

/** Explains why data of a run could not be written to the project. */
export function storeFailure(error: unknown): RunFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const detail = error instanceof Error ? { detail: `${error.message} ${code}`.trim() } : {};
  if (["SQLITE_FULL", "ENOSPC", "EDQUOT", "EFBIG"].includes(code) || code.startsWith("SQLITE_IOERR"))
    return {
      message: "The results of the run could not be stored: the disk of the project is full or cannot be written.",
      remedy: "Free some space, then resume the run.",
      ...detail,
    };
  if (isCorrupt(error)) return { message: "The project database is damaged: the results of the run could not be stored.", remedy: REPAIR_REMEDY, ...detail };
  return {
    message: "The results of the run could not be stored in the project.",
    remedy: "Check that the project folder can be written, then resume the run.",
    ...detail,
  };
}

/** The outcome of a run that cannot continue: interrupted if the project cannot be written, otherwise failed. */
export function outcomeOfError(error: unknown, what?: string): RunOutcome {
  return isStoreError(error) ? { status: "interrupted", failure: storeFailure(error) } : notStarted(error, what);
}
