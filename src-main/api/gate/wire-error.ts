/** Maps anything thrown in the main process to an error that a window may show: a message and a remedy, no stack, no secrets. */
import type { WireError } from "../../../src-shared/contract.ts";
import { isUserError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import { isStoreError, storeUserError } from "../../store/database/store-error.ts";

const MAX_DETAIL = 4000;

/** Messages for errors of system calls, by code. */
const SYSTEM: Readonly<Record<string, readonly [message: string, remedy: string]>> = {
  EACCES: ["GHN Studio does not have permission to read or write", "Change the permissions, or choose another folder."],
  EPERM: ["The system does not permit this", "Change the permissions, or choose another folder."],
  ENOENT: ["The file or folder does not exist", "Check the path, and that its disk is connected."],
  ENOSPC: ["The disk is full", "Free some space, then try again."],
  EDQUOT: ["Your disk quota is used up", "Free some space, then try again."],
  EROFS: ["The disk is read-only", "Choose a folder on another disk."],
  EIO: ["The disk reported an error", "Check the disk and its connection, then try again."],
  ESTALE: ["A file on a network disk is no longer available", "Check the connection to that disk, then try again."],
  EFBIG: ["The file would be larger than allowed", "Raise the limit of the system for file sizes, then try again."],
  EMFILE: ["Too many files are open", "Close other programs, then try again."],
  ENOTDIR: ["A part of the path is a file, not a folder", "Choose another folder."],
  EISDIR: ["The path is a folder, not a file", "Choose a file."],
};

/** True for error codes of system calls, which have their own messages. */
function isSystemError(code: string): boolean {
  return Object.hasOwn(SYSTEM, code);
}

/** Maps a thrown value to a {@link WireError}; internal errors are logged with their stack. */
export function toWireError(thrown: unknown, callName: string, log: Logger, secrets: readonly string[]): WireError {
  const clean = (text: string): string => redact(text, secrets).slice(0, MAX_DETAIL);
  if (isStoreError(thrown) && !isSystemError(thrown.code)) {
    log.error(`${callName} failed: ${clean(thrown.message)}`, clean(thrown.stack ?? ""));
    return toWireError(storeUserError(thrown), callName, log, secrets);
  }
  if (isUserError(thrown)) {
    log.warning(`${callName}: ${clean(thrown.message)}`, thrown.code);
    const where = [thrown.field === undefined ? [] : [`Field: ${thrown.field}`], thrown.file === undefined ? [] : [`File: ${thrown.file}`]].flat();
    return {
      code: thrown.code,
      message: clean(thrown.message),
      remedy: clean(thrown.remedy),
      ...(where.length === 0 ? {} : { detail: clean(where.join("\n")) }),
    };
  }
  const error = thrown instanceof Error ? thrown : new Error(typeof thrown === "string" ? thrown : "An unknown value was thrown.");
  log.error(`${callName} failed: ${clean(error.message)}`, clean(error.stack ?? ""));
  const code: unknown = "code" in error ? error.code : undefined;
  const system = typeof code === "string" ? SYSTEM[code] : undefined;
  if (system !== undefined) {
    const path: unknown = "path" in error ? error.path : undefined;
    const message = `${system[0]}${typeof path === "string" ? `: ${path}` : ""}.`;
    return { code: `system-${String(code).toLowerCase()}`, message: clean(message), remedy: system[1], detail: clean(error.message) };
  }
  return {
    code: "internal",
    message: "An internal error occurred in GHN Studio.",
    remedy: "Try again. If it happens again, report it with the details and the log.",
    detail: clean(`${callName}: ${error.name}: ${error.message}`),
  };
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets.reduce((result, secret) => (secret.length < 8 ? result : result.replaceAll(secret, "•••")), text);
}
