import { setImmediate } from "node:timers/promises";
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
