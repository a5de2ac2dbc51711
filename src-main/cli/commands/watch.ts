import { Command } from "commander";
import type { Io } from "../output/io.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption, RUN_REFERENCE } from "../project/options.ts";
import { findRun, withView } from "../project/project.ts";
import { followRun } from "../supervise/follow.ts";

/** `ghn-studio watch`: follows a run that a window or another terminal executes. */
export function watchCommand(io: Io): Command {
  return new Command("watch")
    .description("follow a run that a window or another terminal executes; Ctrl-C ends watching, not the run")
    .argument("<run>", RUN_REFERENCE)
    .addOption(projectOption())
    .addOption(jsonOption())
    .action((reference: string, options: JsonFlag & ProjectFlag) =>
      withView(io, options.project, (view) => followRun(io, view, findRun(view.store, reference).id, options.json === true)),
    );
}
