import { Command, Option } from "commander";
import { stopStatus } from "../../lib/stop-signals.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";
import { collect, type ProjectFlag, projectOption, wholeNumber } from "../project/options.ts";
import { findProject } from "../project/project.ts";

interface ServeOptions extends ProjectFlag {
  readonly port?: number;
  readonly basePath?: string;
  readonly allowedHost: readonly string[];
  readonly root: readonly string[];
  readonly open?: true;
}

/** `ghn-studio serve`: serves the window to a browser. */
export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("serve the window to a browser on this machine until Ctrl-C; from other machines use an SSH tunnel")
    .addOption(projectOption())
    .addOption(new Option("--port <port>", "port; 0 picks a free one (default: 8420, or a free one if it is taken)").argParser(wholeNumber(0, 65_535)))
    .option("--root <folder>", "folder that the window may read and write; may be repeated (default: your home folder)", collect, [])
    .option("--open", "open the browser")
    .option("--base-path <path>", "path under which a reverse proxy serves the window, such as /user/ada/ghn-studio")
    .option("--allowed-host <name>", "host name under which a reverse proxy serves the window; may be repeated", collect, [])
    .action(async (options: ServeOptions) => {
      const { parseAllowedHost, parseBasePath } = await import("../../hosts/web/access.ts");
      const basePath = options.basePath === undefined ? undefined : parseBasePath(options.basePath);
      const allowedHosts = options.allowedHost.map(parseAllowedHost);
      const project = findProject(options.project);
      const { serve } = await import("../../hosts/web/serve.ts");
      const signal = await serve({
        port: options.port,
        roots: options.root,
        project,
        open: options.open === true,
        basePath,
        allowedHosts,
        print: (line) => io.out(line),
      });
      throw new Exit(stopStatus(signal));
    });
}
