/** Errors on the command line: what happened, and what to do about it. */
import { CommanderError } from "commander";
import { isUserError } from "../../lib/errors.ts";
import { isCorrupt } from "../../store/database/damage.ts";
import { isStoreError, storeUserError } from "../../store/database/store-error.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import type { Io } from "./io.ts";

/** Ends the command with an exit status; nothing more is printed. */
export class Exit extends Error {
  readonly code: ExitCode;
  constructor(code: ExitCode) {
    super(`exit ${code}`);
    this.code = code;
  }
}

/** System errors that no other layer has turned into a message for the user. */
const SYSTEM_ERRORS: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  ENOSPC: ["The disk is full.", "Free some space, then run the command again."],
  EDQUOT: ["The disk quota is used up.", "Free some space, then run the command again."],
  EACCES: ["Permission denied.", "Check the permissions, or choose another folder."],
  EPERM: ["Operation not permitted.", "Check the permissions, or choose another folder."],
  EROFS: ["The file system is read-only.", "Choose a folder on a writable disk."],
  EMFILE: ["Too many files are open.", "Raise the limit (ulimit -n 4096), then run the command again."],
  ENOENT: ["File or folder not found.", "Check the path."],
  EIO: ["The disk reported an error.", "Check the disk and its connection, then run the command again."],
  ESTALE: ["The file on a network disk is no longer available.", "Check the connection to that disk, then run the command again."],
  EFBIG: ["The file would be larger than allowed.", "Raise the limit (ulimit -f unlimited), then run the command again."],
  SQLITE_FULL: ["The disk is full; the project database cannot be written.", "Free some space, then run the command again."],
  SQLITE_BUSY: ["The project database is in use by another program.", "Wait until it has finished, then run the command again."],
  SQLITE_READONLY: ["The project database is read-only.", "Check the permissions of the project folder."],
};

interface Described {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
  readonly field: string | null;
  readonly file: string | null;
}

/** Prints an error to stderr (as JSON for scripts) and returns the exit status. */
export function presentError(error: unknown, io: Io, json: boolean): ExitCode {
  if (error instanceof Exit) return error.code;
  if (error instanceof CommanderError) {
    // commander has already printed its message; help and version are not errors.
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
  if (isStoreError(error) && isCorrupt(error)) return describe(storeUserError(error));
  if (error instanceof Error) {
    const { code, path } = error as NodeJS.ErrnoException;
    const known =
      code === undefined ? undefined : (SYSTEM_ERRORS[code] ?? SYSTEM_ERRORS[Object.keys(SYSTEM_ERRORS).find((name) => code.startsWith(`${name}_`)) ?? ""]);
    if (code !== undefined && known !== undefined) {
      const [message, remedy] = known;
      return { code: code.toLowerCase(), message: path === undefined ? message : `${message.slice(0, -1)}: ${path}.`, remedy, field: null, file: path ?? null };
    }
    if (isStoreError(error)) return describe(storeUserError(error));
    if (error.name === "AbortError") return { code: "cancelled", message: "Cancelled.", remedy: null, field: null, file: null };
    return {
      code: "internal",
      message: `Internal error: ${error.message}`,
      remedy: "Please report it with the lines below. Your project is not affected; runs can be resumed.",
      field: null,
      file: null,
    };
  }
  return { code: "internal", message: `Internal error: ${String(error)}`, remedy: null, field: null, file: null };
}
