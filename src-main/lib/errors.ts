/** What a {@link UserError} says besides its message. */
export interface UserErrorDetails {
  /** Stable, machine-readable name in kebab-case, for example `dataset-missing`. */
  readonly code: string;
  /** A whole sentence: what the user can do about it. */
  readonly remedy: string;
  /** The configuration field at fault, as a dotted path, when there is one. */
  readonly field?: string;
  /** The file at fault, when there is one. */
  readonly file?: string;
  readonly cause?: unknown;
}

/**
 * Something the user can mend: bad input, a missing file, a full disk.
 *
 * `message` is a whole sentence fit for a window or a terminal; `remedy` is another that says what to do.
 * Whatever throws it leaves nothing half-written behind. Faults of the program itself stay plain errors.
 */
export class UserError extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly field?: string;
  readonly file?: string;

  constructor(message: string, details: UserErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "UserError";
    this.code = details.code;
    this.remedy = details.remedy;
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

/** True for a {@link UserError}, and false for anything else that was thrown. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof UserError;
}
