/** Starts or continues a run in this process and stays with it to its end. */

import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { projectOwner } from "../../store/project/project.ts";
import { displayFor } from "../output/displays.ts";
import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import type { Io } from "../output/io.ts";
import { outcomeOf, outcomeTable } from "../output/outcome.ts";
import { quotePath } from "../output/quote-path.ts";
import { watchRun } from "../output/watch.ts";
import { onInterrupt } from "./interrupt.ts";
import { openSupervised, type SupervisedProject } from "./supervised.ts";

/** How long a stop may take before the command gives up on a checkpoint, in milliseconds. */
const GRACE_MS = 120_000;

/** What is left to do once a run is over. */
export interface Ended {
  readonly run: RunSummary;
  readonly code: ExitCode;
}

/**
 * Opens the project, starts what `start` starts, shows it, and ends when it ends. The first Ctrl-C asks for a checkpoint
 * and an end, the second ends at once.
 * @param then called with the project still open, when the run was completed
 */
export async function supervise(
  io: Io,
  folder: string,
  json: boolean,
  start: (project: SupervisedProject) => string,
  then?: (project: SupervisedProject, run: RunSummary) => Promise<void>,
): Promise<Ended> {
  refuseSecondOwner(folder);
  const project = await openSupervised(folder);
  let interrupted = false;
  let release = (): void => undefined;
  try {
    const runId = start(project);
    release = onInterrupt(
      () => {
        interrupted = true;
        io.note("\nStopping: a checkpoint is being written. Press Ctrl-C again to end at once and lose what came after the last one.");
        project.commands.stop(runId);
      },
      () => project.commands.kill(runId),
    );
    const run = await watchRun(project.store, runId, displayFor(io, json));
    const code = codeOf(run, interrupted);
    if (json) io.json({ event: "finished", run, outcome: outcomeOf(project, run) });
    else conclude(io, project, run);
    if (run.status === "completed") await then?.(project, run);
    return { run, code };
  } finally {
    release();
    await project.close(GRACE_MS);
  }
}

function conclude(io: Io, project: SupervisedProject, run: RunSummary): void {
  if (run.status === "completed") {
    io.note("");
    io.out(outcomeTable(io, outcomeOf(project, run)));
    return;
  }
  if (run.failure !== null) {
    io.note(`${io.noteStyle(["red", "bold"], "The run did not finish:")} ${run.failure.message}`);
    if (run.failure.remedy !== undefined) io.note(`${io.noteStyle("bold", "What to do:")} ${run.failure.remedy}`);
  }
  const verb = run.status === "stopped" ? "Stopped; its checkpoint is kept." : run.status === "interrupted" ? "Interrupted; what was saved is kept." : "";
  io.note(`${verb}${verb === "" ? "" : " "}Continue it: ghn-studio resume ${run.id} --project ${quotePath(project.folder)}`);
}

function codeOf(run: RunSummary, interrupted: boolean): ExitCode {
  if (run.status === "completed") return EXIT.ok;
  return interrupted ? EXIT.stopped : EXIT.runFailed;
}

/** A project is led by one process; the sentence about it should say what can be done. */
function refuseSecondOwner(folder: string): void {
  const owner = projectOwner(folder);
  if (owner === null || owner === process.pid) return;
  throw new UserError(`The project ${folder} is open in another process (${owner}), which leads its runs.`, {
    code: "project-locked",
    file: folder,
    remedy: "Start the run there, wait until it has finished, or use another project: --project <folder>.",
  });
}
