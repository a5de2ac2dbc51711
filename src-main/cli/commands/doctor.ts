import { Command } from "commander";
import { EXIT } from "../exit-codes.ts";
import { Exit } from "../errors.ts";
import type { Io } from "../io.ts";
import { type JsonFlag, jsonOption } from "../options.ts";

/** `ghn-studio doctor`: what this machine offers, what is missing, and the remedy. */
export function doctorCommand(io: Io): Command {
  return new Command("doctor")
    .description("what this machine offers: Node, backend, device, threads, memory, folders; what is missing and the remedy")
    .addOption(jsonOption())
    .action(async (options: JsonFlag) => {
      const { runDoctor } = await import("../../setup/doctor.ts");
      const report = await runDoctor();
      if (options.json === true) io.json(report);
      throw new Exit(EXIT.ok);
    });
}
