/** What the exit status of the command line means; the user guide lists the same. */
export const EXIT = {
  ok: 0,
  /** Something went wrong: a message says what, and what to do. */
  failure: 1,
  /** The command was not understood: unknown command, option or value. */
  usage: 2,
  /** The command itself worked, but the run failed or was interrupted; it can be looked at and resumed. */
  runFailed: 3,
  /** Ended by Ctrl-C; a run keeps its checkpoint and can be resumed. */
  stopped: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
