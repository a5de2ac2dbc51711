import { UserError } from "../../lib/errors.ts";
import { isCorrupt, REPAIR_REMEDY } from "./damage.ts";

/** Error codes of the operating system that mean that a file of the project could not be written or read. */
const SYSTEM_CODES = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS", "ESTALE"]);

/** True for errors of SQLite, and of the operating system about the disk. */
export function isStoreError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string" && (error.code.startsWith("SQLITE_") || SYSTEM_CODES.has(error.code));
}

/** Turns an error of the project's database into a message for the user. */
export function storeUserError(error: Error & { readonly code: string }): UserError {
  const { code } = error;
  if (["SQLITE_FULL", "ENOSPC", "EDQUOT", "EFBIG"].includes(code))
    return new UserError("The disk of the project is full.", { code: "disk-full", remedy: "Free some space, then try again.", cause: error });
  if (code === "SQLITE_BUSY" || code === "SQLITE_LOCKED")
    return new UserError("The project database is locked by another program.", { code: "project-busy", remedy: "Try again in a moment.", cause: error });
  if (isCorrupt(error))
    return new UserError("The project database is damaged: a part of the file cannot be read.", {
      code: "project-damaged",
      remedy: REPAIR_REMEDY,
      cause: error,
    });
  return new UserError(`The project database cannot be read or written (${code}).`, {
    code: "project-unwritable",
    remedy: "Check that the disk of the project is connected and that you have write permission, then try again.",
    cause: error,
  });
}
