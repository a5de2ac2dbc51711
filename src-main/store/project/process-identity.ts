import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Tells a process from one that later got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in the system's own count; null where the system does not tell. */
  readonly startTime: string | null;
}

/** Start time of a process that has ended but was not yet taken note of by its parent. */
const ENDED = "ended";

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), startTime: startTimeOf(process.pid) };
}

/** Whether a process of this machine lives, and is still the one that was meant. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const startTime = startTimeOf(identity.pid);
  return startTime !== ENDED && (startTime === null || identity.startTime === null || startTime === identity.startTime);
}

/** Field 22 of /proc/<pid>/stat: clock ticks between the start of the machine and that of the process (Linux only). */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the name in brackets and may contain spaces; a zombie ("Z") has ended.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? ENDED : (fields[19] ?? null);
  } catch {
    return null;
  }
}
