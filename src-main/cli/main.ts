import { setImmediate } from "node:timers/promises";
import { UserError } from "../lib/errors.ts";
import { ignoreDebuggerSignal, surviveClosedTerminal } from "../lib/stop-signals.ts";
import { presentError } from "./output/errors.ts";
import { EXIT } from "./output/exit-codes.ts";
import { processIo } from "./output/io.ts";
import { createProgram } from "./program.ts";

/** Runs one command line and sets the exit status of the process. Lost output turns a success into a failure. */
export async function main(argv: readonly string[]): Promise<void> {
  ignoreDebuggerSignal();
  surviveClosedTerminal();
  const io = processIo();
  try {
    requireCurrentFolder();
    await createProgram(io).parseAsync([...argv]);
    process.exitCode ??= EXIT.ok;
  } catch (error) {
    process.exitCode = presentError(error, io, argv.includes("--json"));
  }
  // Streams report errors in the next turn of the event loop.
  await setImmediate();
  const lost = io.writeError();
  if (lost === null || process.exitCode !== EXIT.ok) return;
  io.note(`Some output could not be written: ${lost.message}.`);
  process.exitCode = EXIT.failure;
}

/** Relative paths mean nothing in a folder that was removed while the terminal was in it. */
function requireCurrentFolder(): void {
  try {
    process.cwd();
  } catch (cause) {
    throw new UserError("The current folder no longer exists.", {
      code: "no-current-folder",
      remedy: "Change to another folder and run the command again.",
      cause,
    });
  }
}
