import { Command, Option } from "commander";
import { stopStatus } from "../../lib/stop-signals.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";
import { collect, type ProjectFlag, projectOption, wholeNumber } from "../project/options.ts";
import { findProject } from "../project/project.ts";

interface ServeOptions extends ProjectFlag {
  readonly port: number;
  readonly root: readonly string[];
  readonly open?: true;
}

/** `ghn-studio serve`: serves the window to a browser. */
export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("serve the window to a browser on this machine until Ctrl-C; from other machines use an SSH tunnel")
    .addOption(projectOption())
    .addOption(new Option("--port <port>", "port; 0 picks a free one").argParser(wholeNumber(0, 65_535)).default(0, "a free port"))
    .option("--root <folder>", "folder that the window may read and write; may be repeated (default: your home folder)", collect, [])
    .option("--open", "open the browser")
    .action(async (options: ServeOptions) => {
      const project = findProject(options.project);
      const { serve } = await import("../../hosts/web/serve.ts");
      const signal = await serve({ port: options.port, roots: options.root, project, open: options.open === true, print: (line) => io.out(line) });
      throw new Exit(stopStatus(signal));
    });
}
