import { randomUUID } from "node:crypto";
import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { UserError } from "../../lib/errors.ts";
import { isAlive, ownIdentity, type ProcessIdentity } from "../../lib/process-identity.ts";
import { guardState, takeGuard } from "./lock-guard.ts";

interface LockContent extends ProcessIdentity {
  readonly token: string;
  /** True if its holder also holds the guard: where guards work, a free guard proves that the holder has exited. */
  readonly guarded: boolean;
}

export interface Lock {
  /** Releases the lock; can be called more than once. */
  release(): void;
}

export interface LockOptions {
  /** Take the lock even from a process on another machine that may be alive, because the user has confirmed that it is not. */
  readonly takeOver?: boolean;
}

/** Interval at which the holder proves that it is alive, for machines that do not share its guard. */
const BEAT_MS = 30_000;
/** A lock of another machine is stale after this long without a heartbeat. */
const FOREIGN_STALE_MS = 5 * 60_000;
/** A heartbeat this far in the future was written before the clock was set back; a live holder would have written another one since. */
const FUTURE_MS = 2 * BEAT_MS;
const ATTEMPTS = 3;

/**
 * Takes a lock for this process. Two things prove that the holder is alive: the guard, a lock of the operating system that works across containers on one machine, and, for
 * machines that share only the file system, a heartbeat in the lock file. Heartbeats and the current time are both read from the file system's clock.
 * @param file lock file; the guard is next to it
 * @throws UserError `project-locked` when a live process holds it
 */
export function takeLock(file: string, what: string, options: LockOptions = {}): Lock {
  const guard = takeGuard(guardFile(file));
  if (guard.state === "held") throw refusal(readLock(file), what, file, "guard");
  const releaseGuard = guard.state === "taken" ? guard.release : () => undefined;
  const content: LockContent = { ...ownIdentity(), token: randomUUID(), guarded: guard.state === "taken" };
  const prepared = `${file}.${content.token}`;
  try {
    writeFileSync(prepared, JSON.stringify(content), { flag: "wx", mode: 0o600 });
    const now = statSync(prepared).mtimeMs;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (place(prepared, file)) return held(file, content, releaseGuard);
      const owner = readLock(file);
      if (owner !== null && mayLive(owner, file, now, guard.state === "taken") && !(options.takeOver === true && !isLocal(owner)))
        throw refusal(owner, what, file, isLocal(owner) ? "process" : "beat");
      discard(file, owner);
    }
    throw new UserError(`${what} is being opened by several programs at the same time.`, { code: "project-locked", remedy: "Try again in a moment.", file });
  } catch (error) {
    releaseGuard();
    throw error;
  } finally {
    rmSync(prepared, { force: true });
  }
}

/** The process that holds the lock; null when there is none. */
export function lockOwner(file: string): ProcessIdentity | null {
  const owner = readLock(file);
  if (owner === null) return null;
  const state = guardState(guardFile(file));
  if (state === "held") return owner;
  return mayLive(owner, file, Date.now(), state === "free") ? owner : null;
}

function guardFile(file: string): string {
  return `${file}-guard`;
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
  // Some file systems have no hard links: an exclusive create is the next best.
  try {
    writeFileSync(file, readFileSync(prepared), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readLock(file: string): LockContent | null {
  try {
    // Reading a pipe would wait forever.
    if (!statSync(file).isFile()) return null;
    const content = JSON.parse(readFileSync(file, "utf8")) as Partial<LockContent>;
    if (typeof content.pid !== "number" || typeof content.host !== "string" || typeof content.token !== "string") return null;
    return { pid: content.pid, host: content.host, token: content.token, startTime: content.startTime ?? null, guarded: content.guarded === true };
  } catch {
    return null;
  }
}

function isLocal(owner: ProcessIdentity): boolean {
  return owner.host === ownIdentity().host;
}

/** Whether the owner may be alive. @param guardFree whether the guard is known not to be held by another process on this machine */
function mayLive(owner: LockContent, file: string, now: number, guardFree: boolean): boolean {
  if (isLocal(owner)) return owner.guarded && guardFree ? false : isAlive(owner);
  try {
    const age = now - statSync(file).mtimeMs;
    return age < FOREIGN_STALE_MS && age > -FUTURE_MS;
  } catch {
    return false;
  }
}

/** Moves a stale lock away. If another opener was faster and its live lock was moved, puts it back. */
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

function held(file: string, content: LockContent, releaseGuard: () => void): Lock {
  const { token } = content;
  const beat = setInterval(() => {
    try {
      if (readLock(file)?.token === token) writeBeat(file, content);
    } catch {
      // The folder may be unreachable for a while; on this machine, the guard still proves that this process is alive.
    }
  }, BEAT_MS);
  beat.unref();
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      clearInterval(beat);
      if (readLock(file)?.token === token) rmSync(file, { force: true });
      releaseGuard();
    },
  };
}

/** Writes the same bytes again, so that the file system sets the time from its own clock. */
function writeBeat(file: string, content: LockContent): void {
  const handle = openSync(file, "r+");
  try {
    writeSync(handle, JSON.stringify(content), 0);
  } finally {
    closeSync(handle);
  }
}

function refusal(owner: LockContent | null, what: string, file: string, proof: "guard" | "process" | "beat"): UserError {
  const where = owner === null ? "" : isLocal(owner) ? ` (process ${owner.pid})` : ` (process ${owner.pid} on ${owner.host})`;
  return new UserError(`${what} is already open in another window or terminal${where}.`, {
    code: "project-locked",
    remedy:
      proof === "beat"
        ? `Close it there first. If that process has ended, wait five minutes or run \`ghn-studio unlock --take-over\`.`
        : "Close it there first, or use that window.",
    file,
  });
}
