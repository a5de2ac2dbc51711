import { presentError } from "./output/errors.ts";
import { EXIT } from "./output/exit-codes.ts";
import { processIo } from "./output/io.ts";
import { createProgram } from "./program.ts";

/** Runs one command line and sets the exit status of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const io = processIo();
  try {
    await createProgram(io).parseAsync([...argv]);
    process.exitCode ??= EXIT.ok;
  } catch (error) {
    process.exitCode = presentError(error, io, argv.includes("--json"));
  }
}
