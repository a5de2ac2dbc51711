/** Errors as the command line shows them: what happened, then what to do about it. */
import { CommanderError } from "commander";
import { isUserError } from "../../lib/errors.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import type { Io } from "./io.ts";

/** Ends the command with a status, after everything has been said. */
export class Exit extends Error {
  readonly code: ExitCode;
  constructor(code: ExitCode) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** Faults of input or surroundings that arise below the places that know the user's words for them. */
const SYSTEM_ERRORS: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  ENOSPC: ["The disk is full.", "Free some space, then run the command again."],
  EDQUOT: ["The disk quota is used up.", "Free some space, then run the command again."],
  EACCES: ["Permission is missing.", "Give yourself permission to read and write there, or choose another folder."],
  EPERM: ["The operation is not permitted.", "Give yourself permission to read and write there, or choose another folder."],
  EROFS: ["The file system is read-only.", "Choose a folder on a disk that can be written."],
  EMFILE: ["Too many files are open.", "Raise the limit (ulimit -n 4096), then run the command again."],
  ENOENT: ["A file or folder is missing.", "Check the path."],
  SQLITE_FULL: ["The disk is full: the project database cannot be written.", "Free some space, then run the command again."],
  SQLITE_BUSY: ["The project database is in use by another program.", "Wait until it has finished, then run the command again."],
  SQLITE_READONLY: ["The project database cannot be written.", "Give yourself write permission on the project folder."],
};

interface Described {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly field: string | null;
  readonly file: string | null;
}

/** Says what went wrong on stderr (as JSON for scripts) and answers the exit status. */
export function presentError(error: unknown, io: Io, json: boolean): ExitCode {
  if (error instanceof Exit) return error.code;
  if (error instanceof CommanderError) {
    // commander has said its piece already; help and version are no errors.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const described = describe(error);
  if (json) {
    io.note(JSON.stringify({ error: described }));
  } else {
    io.note(`${io.noteStyle(["red", "bold"], "Error:")} ${described.message}`);
    if (described.remedy !== null) io.note(`${io.noteStyle("bold", "What to do:")} ${described.remedy}`);
    if (described.code === "internal" || process.env.GHN_STUDIO_DEBUG !== undefined) io.note(error instanceof Error ? (error.stack ?? "") : String(error));
  }
  return described.code === "usage" ? EXIT.usage : EXIT.failure;
}

function describe(error: unknown): Described {
  if (isUserError(error)) return { code: error.code, message: error.message, remedy: error.remedy, field: error.field ?? null, file: error.file ?? null };
  if (error instanceof Error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const known =
      code === undefined ? undefined : (SYSTEM_ERRORS[code] ?? SYSTEM_ERRORS[Object.keys(SYSTEM_ERRORS).find((name) => code.startsWith(`${name}_`)) ?? ""]);
    if (code !== undefined && known !== undefined) {
      const [message, remedy] = known;
      return { code: code.toLowerCase(), message: path === undefined ? message : `${message.slice(0, -1)}: ${path}.`, remedy, field: null, file: path ?? null };
    }
    if (error.name === "AbortError") return { code: "cancelled", message: "Cancelled.", remedy: null, field: null, file: null };
    return {
      code: "internal",
      message: `Something inside GHN Studio went wrong: ${error.message}`,
      remedy: "Please report it together with the lines below. Your project is not affected; runs can be resumed.",
      field: null,
      file: null,
    };
  }
  return { code: "internal", message: `Something inside GHN Studio went wrong: ${String(error)}`, remedy: null, field: null, file: null };
}
