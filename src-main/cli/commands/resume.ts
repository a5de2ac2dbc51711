import { Command } from "commander";
import { RESUMABLE_STATUSES } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { postRequest, viewProject } from "../../store/project/project.ts";
import { Exit } from "../output/errors.ts";
import type { Io } from "../output/io.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption, RUN_REFERENCE } from "../project/options.ts";
import { findRun, requireProject, seenFromOutside } from "../project/project.ts";
import { supervise } from "../supervise/supervise.ts";

/** `ghn-studio resume`: resumes a stopped, interrupted or failed run. */
export function resumeCommand(io: Io): Command {
  return new Command("resume")
    .description("resume a stopped, interrupted or failed run from its last checkpoint")
    .argument("<run>", RUN_REFERENCE)
    .addOption(projectOption())
    .addOption(jsonOption())
    .action(async (reference: string, options: JsonFlag & ProjectFlag) => {
      const folder = requireProject(options.project);
      const view = viewProject(folder);
      const seen = seenFromOutside(folder);
      const found = seen(findRun(view.store, reference));
      const parent = found.parentId === null ? null : view.store.runs.get(found.parentId);
      view.close();
      // Resuming a stage resumes its pipeline, which then runs the remaining stages.
      const run = parent === null ? found : seen(parent);
      if (!RESUMABLE_STATUSES.includes(run.status))
        throw new UserError(`Run ${run.id} (${run.name}) is ${run.status} and cannot be resumed.`, {
          code: "run-not-resumable",
          remedy: run.status === "completed" ? `View it: ghn-studio show ${run.id}` : "Only stopped, interrupted or failed runs can be resumed.",
        });
      if (postRequest(folder, "resume", run.id)) {
        io.note("The process that has this project open was asked to resume the run.");
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
