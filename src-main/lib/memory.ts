/** Memory that this process may use: that of the machine, or less in a container or a batch job. */
import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import path from "node:path";

export interface MemoryLimit {
  readonly bytes: number;
  /** Whether a control group allows less than the machine has. */
  readonly isLimited: boolean;
}

/** Where control groups are mounted, as version 1 and version 2 do. */
const GROUPS = "/sys/fs/cgroup";

/** Files of one control group that say how much it may use and uses. */
interface GroupFiles {
  readonly limit: string;
  readonly used: string;
  /** Key of `memory.stat` for cached files, which are given up when memory is needed. */
  readonly cached: string;
}

const VERSION_1: GroupFiles = { limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes", cached: "total_inactive_file" };
const VERSION_2: GroupFiles = { limit: "memory.max", used: "memory.current", cached: "inactive_file" };

/** The memory of the machine, or the least limit of the control groups that this process is in. */
export function memoryLimit(): MemoryLimit {
  const machine = totalmem();
  const constrained = process.constrainedMemory();
  const limits = [...groupsOfProcess().map(({ limit }) => limit), constrained > 0 ? constrained : machine];
  const bytes = Math.min(machine, ...limits);
  return { bytes, isLimited: bytes < machine };
}

/** Memory that this process could still get, in bytes. */
export function availableMemory(): number {
  const left = groupsOfProcess().map(({ limit, used }) => limit - used);
  return Math.max(0, Math.min(freemem(), ...left));
}

/** Memory that one process of a small run needs, in bytes: the library, its images and the growth of its allocators. */
const PROCESS_BYTES = 2 ** 30;

/**
 * How many processes of runs fit, at least one.
 * @param wanted how many there would be without a limit of memory
 * @param free memory that this process could still get, in bytes
 */
export function processesThatFit(wanted: number, free: number = availableMemory()): number {
  return Math.max(1, Math.min(wanted, Math.floor(free / PROCESS_BYTES)));
}

/** Number of processes that the kernel has killed because memory ran out, in all groups; null if the system does not report it. */
export function outOfMemoryKills(): number | null {
  const found = /^oom_kill (\d+)$/m.exec(readText("/proc/vmstat") ?? "")?.[1];
  return found === undefined ? null : Number(found);
}

/** Limit and use of each control group of this process that has a limit, from its own up to the root. */
function groupsOfProcess(): { readonly limit: number; readonly used: number }[] {
  if (process.platform !== "linux") return [];
  return (readText("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [, controllers = "", group = ""] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers.split(",").includes("memory")) return limitedGroups(path.join(GROUPS, "memory"), group, VERSION_1);
    if (controllers === "" && group !== "") return [GROUPS, path.join(GROUPS, "unified")].flatMap((mount) => limitedGroups(mount, group, VERSION_2));
    return [];
  });
}

function limitedGroups(mount: string, group: string, files: GroupFiles): { readonly limit: number; readonly used: number }[] {
  const found: { readonly limit: number; readonly used: number }[] = [];
  // In a container, the path may be that of the host; its own group is then the mount itself.
  for (let folder = path.join(mount, group); folder.startsWith(mount); folder = path.dirname(folder)) {
    const limit = Number(readText(path.join(folder, files.limit)) ?? Number.NaN);
    // Without a limit, version 2 says "max", version 1 a number larger than any memory.
    if (Number.isFinite(limit) && limit < totalmem()) found.push({ limit, used: usedBytes(folder, files) });
  }
  return found;
}

/** Without cached files, which the system counts as free outside of groups, too. */
function usedBytes(folder: string, { used, cached }: GroupFiles): number {
  const bytes = Number(readText(path.join(folder, used)) ?? 0) || 0;
  const files = new RegExp(`^${cached} (\\d+)$`, "m").exec(readText(path.join(folder, "memory.stat")) ?? "")?.[1];
  return Math.max(0, bytes - Number(files ?? 0));
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return null;
  }
}
