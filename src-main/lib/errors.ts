import { printable } from "../../src-shared/domain/printable.ts";

/** Longest message or remedy; what is quoted in it may come from anywhere. */
const MAX_LENGTH = 5000;

/** Details of a {@link UserError} besides its message. */
export interface UserErrorDetails {
  /** Stable, machine-readable name in kebab-case, for example `dataset-missing`. */
  readonly code: string;
  /** A sentence that tells the user what to do. */
  readonly remedy: string;
  /** Dotted path of the config field that caused the error, if any. */
  readonly field?: string;
  /** The file that caused the error, if any. */
  readonly file?: string;
  readonly cause?: unknown;
}

/**
 * An error that the user can fix: invalid input, a missing file, a full disk.
 *
 * `message` is a complete sentence for the window or the terminal; `remedy` is another one that tells the user what to do.
 * Code that throws it leaves nothing half-written behind. Bugs are reported as plain errors. Control characters of quoted names and values are made
 * visible, and very long texts are cut.
 */
export class UserError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly field?: string;
  readonly file?: string;

  constructor(message: string, details: UserErrorDetails) {
    super(presentable(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "UserError";
    this.code = details.code;
    this.remedy = presentable(details.remedy);
    if (details.field !== undefined) this.field = details.field;
    if (details.file !== undefined) this.file = details.file;
  }

  /** Plain data for logs, the worker protocol and the window. */
  toJSON(): { name: string; message: string; code: string; remedy: string; field?: string; file?: string } {
    return {
      name: this.name,
      message: this.message,
      code: this.code,
      remedy: this.remedy,
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.file === undefined ? {} : { file: this.file }),
    };
  }
}

function presentable(text: string): string {
  return printable(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text);
}

/** Whether a thrown value is a {@link UserError}. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof UserError;
}
