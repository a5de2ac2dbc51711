/** Processes of this machine, read from /proc: the campaign runs on Linux only. */
import { readdirSync, readFileSync } from "node:fs";

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return -1;
  }
}

/** The processes that a process has started, at any depth. */
export function descendants(pid: number): number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  const found: number[] = [];
  const waiting = [pid];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    for (const [child, parent] of parents)
      if (parent === next) {
        found.push(child);
        waiting.push(child);
      }
  return found;
}

/** The run workers that a process has started. */
export function workersOf(pid: number): number[] {
  return descendants(pid).filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, "utf8").includes("run-worker");
    } catch {
      return false;
    }
  });
}

/** Sends SIGKILL; a process that has ended meanwhile is no fault. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/** Resident memory in MB, and the number of open files. */
export function usage(pid: number): { readonly megabytes: number; readonly handles: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024, handles: readdirSync(`/proc/${pid}/fd`).length };
}
