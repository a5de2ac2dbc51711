import { UserError } from "../../../lib/errors.ts";

/** An archive or folder that breaks a safety rule. */
export function unsafe(path: string, why: string): UserError {
  return new UserError(`The archive or folder ${path} was refused: ${why}.`, {
    code: "archive-unsafe",
    file: path,
    remedy: "Unpack it with a tool that you trust, check the contents, and use the path of the resulting folder.",
  });
}

/** An archive or compressed file that does not unpack. */
export function damaged(path: string, cause: unknown): UserError {
  return new UserError(`The file ${path} is damaged or incomplete (${reasonOf(cause)}).`, {
    code: "archive-damaged",
    file: path,
    remedy: "Get the file again, then compare its size and checksum with the published ones.",
    cause,
  });
}

/** A path that the system does not let us read. */
export function unreadable(path: string, cause: unknown): UserError {
  return new UserError(`Cannot read ${path} (${reasonOf(cause)}).`, {
    code: "file-unreadable",
    file: path,
    remedy: "Check that it exists and that you have permission to read it.",
    cause,
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
