import { Command, Option } from "commander";
import type { Io } from "../output/io.ts";
import { collect, type ProjectFlag, projectOption, wholeNumber } from "../project/options.ts";
import { findProject } from "../project/project.ts";

interface ServeOptions extends ProjectFlag {
  readonly port: number;
  readonly root: readonly string[];
  readonly open?: true;
}

/** `ghn-studio serve`: the window in a browser. */
export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("the window in a browser of this machine (through an SSH tunnel for others), until Ctrl-C")
    .addOption(projectOption())
    .addOption(new Option("--port <port>", "0 takes a free one").argParser(wholeNumber(0, 65_535)).default(0, "a free one"))
    .option("--root <folder>", "folder that the window may look into and write to; may be repeated; your home folder unless given", collect, [])
    .option("--open", "open it in the browser at once")
    .action(async (options: ServeOptions) => {
      const project = findProject(options.project);
      const { serve } = await import("../../hosts/web/serve.ts");
      await serve({ port: options.port, roots: options.root, project, open: options.open === true, print: (line) => io.out(line) });
    });
}
