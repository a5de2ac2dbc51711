import type { RunFailure } from "../../../src-shared/domain/records/run.ts";
import { memoryLimit } from "../../lib/memory.ts";
import { isOutOfMemory, MEMORY_REMEDY } from "../../lib/out-of-memory.ts";
import { ORPHANED_EXIT_CODE } from "../../workers/port.ts";
import type { ChildExit } from "../child/launcher.ts";
import { RESUME_REMEDY } from "./run-outcome.ts";

/** What is known about a process that exited without reporting the outcome of its run. */
export interface UnexpectedExit extends ChildExit {
  /** The end of its output. */
  readonly output: string;
  /** Memory in its last heartbeat, in bytes; null when there was none. */
  readonly memoryBytes: number | null;
  /** Whether the kernel has killed a process for lack of memory since that heartbeat. */
  readonly kernelKilled: boolean;
}

/** A process that was killed while it used more than this share of the memory was most likely killed for that reason. */
const SUSPICIOUS_SHARE = 0.6;

/** Explains why the process of a run exited, as far as it can be determined. */
export function exitReason(exit: UnexpectedExit, machineBytes = memoryLimit().bytes): RunFailure {
  const detail = exit.output === "" ? {} : { detail: exit.output };
  const used = exit.memoryBytes === null ? "" : ` It last used ${(exit.memoryBytes / 1024 ** 3).toFixed(1)} GB.`;
  const resumable = (message: string): RunFailure => ({ message, remedy: RESUME_REMEDY, ...detail });
  if (isOutOfMemory(exit.output)) return { message: `The process of the run ran out of memory.${used}`, remedy: MEMORY_REMEDY, ...detail };
  if (exit.signal === "SIGKILL") {
    const large = exit.kernelKilled || (exit.memoryBytes !== null && exit.memoryBytes > SUSPICIOUS_SHARE * machineBytes);
    return large
      ? { message: `The system killed the process of the run (SIGKILL), most likely because memory ran out.${used}`, remedy: MEMORY_REMEDY, ...detail }
      : resumable(`The process of the run was killed from outside (SIGKILL).${used}`);
  }
  if (exit.signal !== null) return resumable(`The process of the run ended with ${exit.signal}.`);
  if (exit.code === ORPHANED_EXIT_CODE) return resumable("The process of the run lost its connection to GHN Studio.");
  return resumable(`The process of the run ended with exit code ${exit.code ?? "unknown"} before the run was complete.`);
}
