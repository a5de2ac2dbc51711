/** The command line: all commands. */
import { Command } from "commander";
import { packageVersion } from "../config/version.ts";
import { cellsCommand } from "./commands/cells.ts";
import { compareCommand } from "./commands/compare.ts";
import { dataCommand } from "./commands/data.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { initCommand } from "./commands/init.ts";
import { linkCommand } from "./commands/link.ts";
import { repairCommand } from "./commands/repair.ts";
import { resumeCommand } from "./commands/resume.ts";
import { runPresetCommand } from "./commands/run.ts";
import { runsCommand } from "./commands/runs.ts";
import { serveCommand } from "./commands/serve.ts";
import { showCommand } from "./commands/show.ts";
import { stopCommand } from "./commands/stop.ts";
import { studyCommand } from "./commands/study.ts";
import { transferCommand } from "./commands/transfer.ts";
import { unlockCommand } from "./commands/unlock.ts";
import { watchCommand } from "./commands/watch.ts";
import type { Io } from "./output/io.ts";

const AFTER_HELP = `
Examples:
  ghn-studio demo                                   full pipeline on bundled images, in minutes
  ghn-studio run quick --data <folder>              the same on CIFAR-10
  ghn-studio run demo --set search.samples=300      change any field of a preset
  ghn-studio study correlation                      how well each predictor ranks cells
  ghn-studio runs                                   list the runs of this project
  ghn-studio transfer --cell last --data <folder>   train the last winner as an ImageNet-mobile network
  ghn-studio export last                            export the winner of the last run

Exit status: 0 success, 1 error, 2 usage error, 3 run failed or interrupted, 128 + n stopped by signal n (130: Ctrl-C).`;

/** Creates the program. Parsing throws CommanderError instead of exiting. */
export function createProgram(io: Io): Command {
  const program = new Command("ghn-studio")
    .description("Neural architecture search with Graph HyperNetworks: train a GHN, rank cells, train the best, export the winner.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpCommand("help [command]", "show help for a command")
    .addHelpText("after", AFTER_HELP)
    .showHelpAfterError("(ghn-studio --help lists the commands; ghn-studio <command> --help its options)");
  for (const command of [
    demoCommand(io),
    runPresetCommand(io),
    studyCommand(io),
    resumeCommand(io),
    stopCommand(io),
    watchCommand(io),
    runsCommand(io),
    showCommand(io),
    compareCommand(io),
    exportCommand(io),
    transferCommand(io),
    cellsCommand(io),
    dataCommand(io),
    initCommand(io),
    serveCommand(io),
    linkCommand(io),
    unlockCommand(io),
    repairCommand(io),
    doctorCommand(io),
  ])
    program.addCommand(command);
  settle(program);
  return program;
}

/** Settings that commander does not pass on to subcommands added with addCommand. */
function settle(command: Command): void {
  command
    .exitOverride()
    .showHelpAfterError(command.parent === null ? "(ghn-studio --help lists the commands)" : `(${fullName(command)} --help lists the options)`);
  for (const child of command.commands) settle(child);
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
