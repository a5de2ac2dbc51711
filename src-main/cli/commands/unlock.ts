/** `ghn-studio unlock`: shows which process holds a project, and takes it over from a process on another machine that exited without releasing it. */
import { Command } from "commander";
import { UserError } from "../../lib/errors.ts";
import { openProject, projectHolder } from "../../store/project/project.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { type ProjectFlag, projectOption } from "../project/options.ts";
import { requireProject } from "../project/project.ts";

export function unlockCommand(io: Io): Command {
  return new Command("unlock")
    .description("show which process has the project open; --take-over releases it from a process that has ended on another machine")
    .addOption(projectOption())
    .option("--take-over", "confirm that the process on the other machine has ended")
    .action((options: ProjectFlag & { readonly takeOver?: true }) => {
      const folder = requireProject(options.project);
      const holder = projectHolder(folder);
      if (holder === null) {
        io.out(`No process has ${quotePath(folder)} open.`);
        return;
      }
      const where = `process ${holder.pid} on ${holder.host}`;
      if (options.takeOver !== true)
        throw new UserError(`${folder} is open in ${where}.`, {
          code: "project-locked",
          remedy: "If that process has ended, repeat the command with --take-over. Two processes that write to the same project would damage it.",
          file: folder,
        });
      openProject(folder, { takeOver: true }).close();
      io.out(`Took over ${quotePath(folder)} from ${where}.`);
    });
}
