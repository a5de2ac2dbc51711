#!/usr/bin/env node
/** Headless entry: the same services as in the window, from a terminal. */
import { presentError } from "./cli/errors.ts";
import { EXIT } from "./cli/exit-codes.ts";
import { processIo } from "./cli/io.ts";
import { createProgram } from "./cli/program.ts";

const io = processIo();
try {
  await createProgram(io).parseAsync(process.argv);
  process.exitCode ??= EXIT.ok;
} catch (error) {
  process.exitCode = presentError(error, io, process.argv.includes("--json"));
}
