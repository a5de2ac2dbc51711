/** Exit statuses of the command line; listed in the user guide. */
export const EXIT = {
  ok: 0,
  /** An error; the message says what happened and what to do. */
  failure: 1,
  /** Usage error: unknown command, option or value. */
  usage: 2,
  /** The command worked, but the run failed or was interrupted; it can be inspected and resumed. */
  runFailed: 3,
  /** The files were written, but an exported network could not be verified. */
  unverified: 4,
} as const;
/** One of {@link EXIT}, or 128 + n after signal n (130 Ctrl-C, 143 SIGTERM, 129 SIGHUP); a run then keeps its checkpoint and can be resumed. */
export type ExitCode = number;
