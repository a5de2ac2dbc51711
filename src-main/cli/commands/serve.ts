import { Command, Option } from "commander";
import type { Io } from "../io.ts";
import { collect, type ProjectFlag, projectOption, wholeNumber } from "../options.ts";
import { findProject } from "../project.ts";

interface ServeOptions extends ProjectFlag {
  readonly port: number;
  readonly root: readonly string[];
}

/** `ghn-studio serve`: the window in a browser. */
export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("the window in a browser of this machine (through an SSH tunnel for others), until Ctrl-C")
    .addOption(projectOption())
    .addOption(new Option("--port <port>", "0 takes a free one").argParser(wholeNumber(0, 65_535)).default(0, "a free one"))
    .option("--root <folder>", "folder that the window may look into and write to; may be repeated; your home folder unless given", collect, [])
    .action(async (options: ServeOptions) => {
      const { serve } = await import("../../hosts/serve.ts");
      await serve({ port: options.port, roots: options.root, project: findProject(options.project), print: (line: string) => io.out(line) });
    });
}
