import { Command } from "commander";
import { RESUMABLE_STATUSES } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { postRequest, viewProject } from "../../store/project/project.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption } from "../project/options.ts";
import { findRun, requireProject, seenFromOutside } from "../project/project.ts";
import { supervise } from "../supervise/supervise.ts";

/** `ghn-studio resume`: a stopped, interrupted or failed run goes on. */
export function resumeCommand(io: Io): Command {
  return new Command("resume")
    .description("continue a stopped, interrupted or failed run from its last checkpoint")
    .argument("<run>", "its id, the beginning of it, its name, or last")
    .addOption(projectOption())
    .addOption(jsonOption())
    .action(async (reference: string, options: JsonFlag & ProjectFlag) => {
      const folder = requireProject(options.project);
      const view = viewProject(folder);
      const seen = seenFromOutside(folder);
      const found = seen(findRun(view.store, reference));
      const parent = found.parentId === null ? null : view.store.runs.get(found.parentId);
      view.close();
      // A stage belongs to its pipeline, which continues it and then goes on with the next.
      const run = parent === null ? found : seen(parent);
      if (!RESUMABLE_STATUSES.includes(run.status))
        throw new UserError(`The run ${run.id} (${run.name}) is ${run.status}; there is nothing to continue.`, {
          code: "run-not-resumable",
          remedy: run.status === "completed" ? `Look at it: ghn-studio show ${run.id}` : "Runs that are stopped, interrupted or failed can be resumed.",
        });
      if (postRequest(folder, "resume", run.id)) {
        io.note("Another process has this project open; it was asked to continue the run.");
        if (options.json === true) io.json({ runId: run.id, requested: "resume" });
        return;
      }
      const { code } = await supervise(io, folder, options.json === true, (project) => {
        project.commands.resume(run.id);
        return run.id;
      });
      throw new Exit(code);
    });
}
