import { basename, resolve } from "node:path";
import { Command } from "commander";
import { createProject } from "../../store/project/project.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { type JsonFlag, jsonOption } from "../project/options.ts";
import { DEFAULT_PROJECT } from "../project/project.ts";

/** `ghn-studio init`: creates a project. */
export function initCommand(io: Io): Command {
  return new Command("init")
    .description("create a project: a folder with a database and the files of its runs")
    .argument("[folder]", "new or empty folder", DEFAULT_PROJECT)
    .option("--name <name>", "project name (default: the folder name)")
    .addOption(jsonOption())
    .action((folder: string, options: JsonFlag & { name?: string }) => {
      const path = resolve(folder);
      const project = createProject(path, options.name ?? basename(path).slice(0, 200));
      const info = project.info();
      project.close();
      if (options.json === true) {
        io.json(info);
        return;
      }
      io.out(`Created project "${info.name}" in ${quotePath(info.folder)}.`);
      io.note(`Next: cd ${quotePath(folder)} && ghn-studio run demo`);
    });
}
