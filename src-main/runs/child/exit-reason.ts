import { totalmem } from "node:os";
import type { RunFailure } from "../../../src-shared/domain/records/run.ts";
import { ORPHANED_EXIT_CODE } from "../../workers/port.ts";
import type { ChildExit } from "./launcher.ts";

export interface Death extends ChildExit {
  /** The last that the process printed. */
  readonly output: string;
  /** Memory in its last heartbeat, in bytes; null when there was none. */
  readonly memoryBytes: number | null;
}

const OUT_OF_MEMORY =
  /heap out of memory|std::bad_alloc|OOM when allocating|RESOURCE_EXHAUSTED|ResourceExhausted|Cannot allocate memory|CUDA_ERROR_OUT_OF_MEMORY|out of memory/i;
/** A process killed from outside with more than this part of the memory was most likely ended for it. */
const SUSPICIOUS_SHARE = 0.6;
const RESUME = "Resume the run: it goes on from its last checkpoint.";
const SMALLER = "Choose a smaller batch, fewer channels or close other programs, then resume the run or start it anew.";

/** Why a run's process died without a word, as far as it can be told. */
export function explainDeath(death: Death, machineBytes = totalmem()): RunFailure {
  const detail = death.output === "" ? {} : { detail: death.output };
  const used = death.memoryBytes === null ? "" : ` It used ${(death.memoryBytes / 1024 ** 3).toFixed(1)} GB at last.`;
  if (OUT_OF_MEMORY.test(death.output)) return { message: `The process of the run ran out of memory.${used}`, remedy: SMALLER, ...detail };
  if (death.signal === "SIGKILL") {
    const large = death.memoryBytes !== null && death.memoryBytes > SUSPICIOUS_SHARE * machineBytes;
    return large
      ? { message: `The system ended the process of the run (SIGKILL), most likely because memory ran out.${used}`, remedy: SMALLER, ...detail }
      : { message: `The process of the run was killed from outside (SIGKILL).${used}`, remedy: RESUME, ...detail };
  }
  if (death.signal !== null) return { message: `The process of the run ended with ${death.signal}.`, remedy: RESUME, ...detail };
  if (death.code === ORPHANED_EXIT_CODE) return { message: "The process of the run lost its connection to the studio.", remedy: RESUME, ...detail };
  return { message: `The process of the run ended with exit code ${death.code ?? "unknown"} before the run was done.`, remedy: RESUME, ...detail };
}
