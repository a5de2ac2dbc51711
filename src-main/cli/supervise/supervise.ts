/** Starts or resumes a run in this process and follows it to its end. */

import { existsSync } from "node:fs";
import { hostname } from "node:os";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { isUserError, UserError } from "../../lib/errors.ts";
import { onStopRequest, type StopSignal, stopStatus } from "../../lib/stop-signals.ts";
import { projectHolder } from "../../store/project/project.ts";
import { displayFor } from "../output/displays.ts";
import { Exit } from "../output/errors.ts";
import { EXIT, type ExitCode } from "../output/exit-codes.ts";
import type { Io } from "../output/io.ts";
import { outcomeOf, outcomeTable } from "../output/outcome.ts";
import { quotePath } from "../output/quote-path.ts";
import { watchRun } from "../output/watch.ts";
import { openSupervised, type SupervisedProject } from "./supervised.ts";

/** How long a stop may take before the command gives up on the checkpoint, in milliseconds. */
const GRACE_MS = 120_000;

/** A run that has ended, and the exit status of the command. */
export interface Ended {
  readonly run: RunSummary;
  readonly code: ExitCode;
}

/**
 * Opens the project, starts a run with `start` and shows it until it ends. The first Ctrl-C saves a checkpoint and stops
 * the run, a later one ends it immediately; so do SIGTERM and SIGHUP.
 * @param then called after a completed run, with the project still open
 */
export async function supervise(
  io: Io,
  folder: string,
  json: boolean,
  start: (project: SupervisedProject) => string,
  then?: (project: SupervisedProject, run: RunSummary) => Promise<void>,
): Promise<Ended> {
  refuseSecondOwner(folder);
  let stop = (): void => undefined;
  let kill = (): void => undefined;
  // Before the project is opened, so that no signal leaves it half open.
  const requests = onStopRequest(
    () => stop(),
    () => kill(),
  );
  const project = await openSupervised(folder).catch((error: unknown) => {
    requests.release();
    throw error;
  });
  try {
    if (requests.signal !== null) throw new Exit(stopStatus(requests.signal));
    const runId = start(project);
    stop = () => {
      io.note("\nStopping: saving a checkpoint. Press Ctrl-C again to quit immediately and lose the progress since the last checkpoint.");
      whileActive(() => project.commands.stop(runId));
    };
    kill = () => whileActive(() => project.commands.kill(runId));
    const run = await watchRun(project.store, runId, displayFor(io, json));
    stop = () => undefined;
    kill = () => process.exit(stopStatus(requests.signal ?? "SIGINT"));
    const code = codeOf(run, requests.signal);
    if (json) io.json({ event: "finished", run, outcome: outcomeOf(project, run) });
    else conclude(io, project, run);
    if (run.status === "completed") await then?.(project, run);
    return { run, code };
  } finally {
    await project.close(GRACE_MS);
    requests.release();
  }
}

/** A run may end at the moment it is asked to. */
function whileActive(command: () => void): void {
  try {
    command();
  } catch (error) {
    if (!isUserError(error)) throw error;
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
  const verb = run.status === "stopped" ? "Stopped; the checkpoint is kept." : run.status === "interrupted" ? "Interrupted; saved data is kept." : "";
  if (!existsSync(project.folder)) return;
  io.note(`${verb}${verb === "" ? "" : " "}Resume it: ghn-studio resume ${run.id} --project ${quotePath(project.folder)}`);
}

function codeOf(run: RunSummary, signal: StopSignal | null): ExitCode {
  if (run.status === "completed") return EXIT.ok;
  return signal === null ? EXIT.runFailed : stopStatus(signal);
}

/** Refuses a project that another process has open, with advice. */
function refuseSecondOwner(folder: string): void {
  const owner = projectHolder(folder);
  if (owner === null || (owner.pid === process.pid && owner.host === hostname())) return;
  throw new UserError(`The project ${folder} is open in another process (pid ${owner.pid} on ${owner.host}).`, {
    code: "project-locked",
    file: folder,
    remedy:
      "Repeat the command with --queue to let that process execute the run, start the run there, wait for that process to finish, or use another project with --project <folder>.",
  });
}
