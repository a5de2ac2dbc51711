/** All commands put together. */
import { Command } from "commander";
import { packageVersion } from "../config/version.ts";
import { cellsCommand } from "./commands/cells.ts";
import { compareCommand } from "./commands/compare.ts";
import { dataCommand } from "./commands/data.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { exportCommand } from "./commands/export.ts";
import { initCommand } from "./commands/init.ts";
import { resumeCommand } from "./commands/resume.ts";
import { runCommand } from "./commands/run.ts";
import { runsCommand } from "./commands/runs.ts";
import { serveCommand } from "./commands/serve.ts";
import { showCommand } from "./commands/show.ts";
import { stopCommand } from "./commands/stop.ts";
import { studyCommand } from "./commands/study.ts";
import { transferCommand } from "./commands/transfer.ts";
import type { Io } from "./output/io.ts";

const AFTER_HELP = `
Examples:
  ghn-studio demo                              the whole path on bundled images, in minutes
  ghn-studio run quick --data <folder>         the same on CIFAR-10
  ghn-studio run demo --set search.samples=300 change any field of a preset
  ghn-studio study correlation                 can the ranking be trusted? every predictor, with intervals
  ghn-studio runs                              what ran in this project
  ghn-studio transfer --cell last --data <folder>   the last winner as an ImageNet-mobile network
  ghn-studio export last                       cell, picture and weights of the last run's winner

Exit status: 0 done, 1 failed, 2 not understood, 3 the run failed or was interrupted, 130 ended by Ctrl-C.`;

/** The program; parsing throws CommanderError instead of ending the process. */
export function createProgram(io: Io): Command {
  const program = new Command("ghn-studio")
    .description("Neural architecture search with Graph HyperNetworks: train a GHN, rank cells, train the best, export the winner.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpCommand("help [command]", "help for a command")
    .addHelpText("after", AFTER_HELP)
    .showHelpAfterError("(ghn-studio --help lists the commands; ghn-studio <command> --help its options)");
  for (const command of [
    demoCommand(io),
    runCommand(io),
    studyCommand(io),
    resumeCommand(io),
    stopCommand(io),
    runsCommand(io),
    showCommand(io),
    compareCommand(io),
    exportCommand(io),
    transferCommand(io),
    cellsCommand(io),
    dataCommand(io),
    initCommand(io),
    serveCommand(io),
    doctorCommand(io),
  ])
    program.addCommand(command);
  settle(program);
  return program;
}

/** What commander does not hand down to commands that were added ready-made. */
function settle(command: Command): void {
  command
    .exitOverride()
    .showHelpAfterError(command.parent === null ? "(ghn-studio --help lists the commands)" : `(${fullName(command)} --help lists the options)`);
  for (const child of command.commands) settle(child);
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
