import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/**
 * Does some work while holding a lock in the user's cache, so that two set-ups at once do not do it twice. A lock of a process that has died is taken over.
 * @param onWait called once when another process holds the lock
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, onWait: () => void = () => undefined): Promise<T> {
  mkdirSync(path.dirname(folder), { recursive: true });
  for (let said = false; !take(folder); ) {
    if (!ownerLives(folder)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (!said) onWait();
    said = true;
    await wait(200);
  }
  try {
    return await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Making a folder is the one thing that only one process can do. */
function take(folder: string): boolean {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(path.join(folder, "owner.json"), JSON.stringify({ pid: process.pid, host: hostname(), since: Date.now() }));
  return true;
}

function ownerLives(folder: string): boolean {
  try {
    const owner = JSON.parse(readFileSync(path.join(folder, "owner.json"), "utf8")) as { pid?: unknown; host?: unknown; since?: unknown };
    // On another machine with the same home folder nobody can tell: an hour is longer than any set-up.
    if (owner.host !== hostname()) return typeof owner.since === "number" && Date.now() - owner.since < 3_600_000;
    if (typeof owner.pid !== "number") return false;
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM: somebody else's process, which lives. ENOENT: taken or freed this very moment.
    return code === "EPERM" || code === "ENOENT";
  }
}
