/** Entry of the child process that executes one run. Independent of Electron and of the store; it communicates through a Port. */
import { basename } from "node:path";
import type { RunFailure } from "../../src-shared/domain/records/run.ts";
import type { FromWorker, StartMessage } from "../../src-shared/worker-protocol.ts";
import { isUserError } from "../lib/errors.ts";
import { isOutOfMemory, MEMORY_REMEDY } from "../lib/out-of-memory.ts";
import { executeRun } from "./execute-run.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { processPort } from "./port.ts";
import { Reporter } from "./reporter.ts";
import type { WorkerContext } from "./worker-context.ts";

const port = processPort();
let context: WorkerContext | null = null;
let reporter: Reporter | null = null;
let stopRequested = false;
let started = false;

port.onMessage((message) => {
  switch (message.type) {
    case "start":
      if (started) return;
      started = true;
      void run(message);
      return;
    case "stop":
      stopRequested = true;
      if (context !== null) context.stopRequested = true;
      return;
    case "acknowledge":
      reporter?.acknowledge(message.sequence);
      return;
  }
});

async function run(start: StartMessage): Promise<void> {
  const post = (message: FromWorker): void => port.post(message);
  const report = new Reporter(post, { activeBefore: start.activeSecondsBefore, wallBefore: start.wallSecondsBefore });
  reporter = report;
  const stopHeartbeat = startHeartbeat(post);
  let last: FromWorker;
  try {
    const end = await executeRun(start, post, report, (ready) => {
      context = ready;
      ready.stopRequested = stopRequested;
    });
    last = end.type === "done" ? { type: "done", summary: end.summary } : { type: "stopped", step: end.step };
  } catch (error) {
    last = { type: "failed", failure: toFailure(error) };
  }
  stopHeartbeat();
  report.flush();
  port.post(last);
  // Closing lets the messages out first; the process then ends by itself or is ended by the supervisor.
  port.close();
}

function toFailure(error: unknown): RunFailure {
  if (isUserError(error)) return { message: error.message, remedy: error.remedy, ...(error.stack === undefined ? {} : { detail: error.stack }) };
  if (error instanceof Error) {
    if (isOutOfMemory(error.message)) return { message: "The run ran out of memory.", remedy: MEMORY_REMEDY, detail: error.stack ?? error.message };
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOSPC" || code === "EDQUOT")
      return { message: "The disk is full: a file of the run could not be written.", remedy: "Free some space, then resume the run.", detail: error.message };
    if (code === "EACCES" || code === "EPERM" || code === "EROFS")
      return {
        message: `A file of the run could not be written for lack of permission (${basename((error as NodeJS.ErrnoException).path ?? "")}).`,
        remedy: "Give yourself write permission on the project folder, then resume the run.",
        detail: error.message,
      };
    return {
      message: `The run failed because of an internal error: ${error.message}`,
      remedy: "Resume it; if that fails the same way, report it with the details.",
      ...(error.stack === undefined ? {} : { detail: error.stack }),
    };
  }
  return { message: "The run failed for an unknown reason.", detail: String(error) };
}
