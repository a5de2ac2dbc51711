import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Distinguishes a process from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process in the system's own units; null if the system does not provide it. */
  readonly startTime: string | null;
}

/** Start time of a zombie: a process that has exited but has not been waited for. */
const ENDED = "ended";

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), startTime: startTimeOf(process.pid) };
}

/** Whether this process on this machine is alive and still the same one. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it is alive but belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const startTime = startTimeOf(identity.pid);
  return startTime !== ENDED && (startTime === null || identity.startTime === null || startTime === identity.startTime);
}

/** Field 22 of /proc/<pid>/stat: clock ticks between boot and the start of the process (Linux only). */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the name in parentheses and may contain spaces; state "Z" is a zombie.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? ENDED : (fields[19] ?? null);
  } catch {
    return null;
  }
}
