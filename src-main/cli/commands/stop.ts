import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { ACTIVE_STATUSES, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { postRequest, projectOwner, viewProject } from "../../store/project/project.ts";
import type { Io } from "../output/io.ts";
import { type JsonFlag, jsonOption, type ProjectFlag, projectOption, RUN_REFERENCE, wholeNumber } from "../project/options.ts";
import { findRun, requireProject, seenFromOutside } from "../project/project.ts";

interface StopOptions extends JsonFlag, ProjectFlag {
  readonly kill?: true;
  readonly wait: number;
}

/** `ghn-studio stop`: asks the process that executes a run to stop it. */
export function stopCommand(io: Io): Command {
  return new Command("stop")
    .description("stop a run of another process; it saves a checkpoint first")
    .argument("<run>", RUN_REFERENCE)
    .addOption(projectOption())
    .option("--kill", "end the run immediately, without a checkpoint")
    .addOption(new Option("--wait <seconds>", "how long to wait for the run to end; 0 does not wait").argParser(wholeNumber(0, 86_400)).default(120))
    .addOption(jsonOption())
    .action(async (reference: string, options: StopOptions) => {
      const folder = requireProject(options.project);
      const run = look(folder, reference);
      if (!ACTIVE_STATUSES.includes(run.status))
        throw new UserError(`Run ${run.id} (${run.name}) is ${run.status}, not running.`, {
          code: "run-not-active",
          remedy: "List running runs: ghn-studio runs --status running",
        });
      const type = options.kill === true ? "kill" : "stop";
      if (!postRequest(folder, type, run.id))
        throw new UserError(`No process is executing run ${run.id} (${run.name}).`, {
          code: "run-not-active",
          remedy: `There is nothing to stop. Resume it: ghn-studio resume ${run.id}`,
        });
      const end = await waitForEnd(folder, run.id, options.wait);
      if (options.json === true) {
        io.json({ runId: run.id, requested: type, status: end.status });
        return;
      }
      if (ACTIVE_STATUSES.includes(end.status)) io.out(`Requested; the run is ${end.status}.`);
      else io.out(`Run ${run.id} (${run.name}) is ${end.status}. Resume it: ghn-studio resume ${run.id}`);
      if (ACTIVE_STATUSES.includes(end.status) && options.wait > 0)
        throw new UserError(`The run did not end within ${options.wait} s.`, {
          code: "stop-timeout",
          remedy: `Wait longer, or end it immediately: ghn-studio stop ${run.id} --kill`,
        });
    });
}

async function waitForEnd(folder: string, runId: string, seconds: number): Promise<RunSummary> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const run = look(folder, runId);
    if (!ACTIVE_STATUSES.includes(run.status) || projectOwner(folder) === null || performance.now() >= deadline) return run;
    await sleep(200);
  }
}

function look(folder: string, reference: string): RunSummary {
  const view = viewProject(folder);
  try {
    return seenFromOutside(folder)(findRun(view.store, reference));
  } finally {
    view.close();
  }
}
