import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { UserError } from "../../lib/errors.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

interface LockContent extends ProcessIdentity {
  readonly token: string;
}

export interface Lock {
  /** Gives the lock back; more than once is harmless. */
  release(): void;
}

/** How often the owner shows that it lives, for machines that cannot see its process. */
const TOUCH_MS = 30_000;
/** A lock of another machine that was not touched for so long belongs to nobody. */
const FOREIGN_STALE_MS = 5 * 60_000;
const ATTEMPTS = 3;

/**
 * Takes a lock file, or takes it over from a process that died. The file appears complete or not at all (it is
 * written apart and linked into place), so that of two openers exactly one wins.
 * @throws UserError when a live process holds it
 */
export function takeLock(file: string, what: string): Lock {
  const content: LockContent = { ...ownIdentity(), token: randomUUID() };
  const prepared = `${file}.${content.token}`;
  writeFileSync(prepared, JSON.stringify(content), { flag: "wx" });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (place(prepared, file)) return held(file, content.token);
      const owner = readLock(file);
      if (owner !== null && isHeld(owner, file)) throw refusal(owner, what, file);
      discard(file, owner);
    }
    throw new UserError(`${what} is being opened by several programs at once.`, { code: "project-locked", remedy: "Try again in a moment.", file });
  } finally {
    rmSync(prepared, { force: true });
  }
}

/** Who holds the lock now; null when nobody does. */
export function lockOwner(file: string): ProcessIdentity | null {
  const owner = readLock(file);
  return owner !== null && isHeld(owner, file) ? owner : null;
}

function place(prepared: string, file: string): boolean {
  try {
    linkSync(prepared, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw error;
  }
  // Some file systems know no hard links: an exclusive create is the next best.
  try {
    writeFileSync(file, readFileSync(prepared), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readLock(file: string): LockContent | null {
  try {
    const content = JSON.parse(readFileSync(file, "utf8")) as Partial<LockContent>;
    if (typeof content.pid !== "number" || typeof content.host !== "string" || typeof content.token !== "string") return null;
    return { pid: content.pid, host: content.host, token: content.token, startTime: content.startTime ?? null };
  } catch {
    return null;
  }
}

function isHeld(owner: LockContent, file: string): boolean {
  if (owner.host === ownIdentity().host) return isAlive(owner);
  try {
    return Date.now() - statSync(file).mtimeMs < FOREIGN_STALE_MS;
  } catch {
    return false;
  }
}

/** Moves a dead lock away. If another opener was faster and its live lock was moved, that is put back. */
function discard(file: string, dead: LockContent | null): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (readLock(aside)?.token !== dead?.token) place(aside, file);
  rmSync(aside, { force: true });
}

function held(file: string, token: string): Lock {
  const touch = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(file, now, now);
    } catch {
      // The folder may be unreachable for a while; the lock is then proven by the process itself.
    }
  }, TOUCH_MS);
  touch.unref();
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      clearInterval(touch);
      if (readLock(file)?.token === token) rmSync(file, { force: true });
    },
  };
}

function refusal(owner: LockContent, what: string, file: string): UserError {
  const where = owner.host === ownIdentity().host ? `process ${owner.pid}` : `process ${owner.pid} on ${owner.host}`;
  return new UserError(`${what} is already open in another window or terminal (${where}).`, {
    code: "project-locked",
    remedy: "Close it there first, or use that window.",
    file,
  });
}
