import { closeSync, openSync } from "node:fs";
import Database from "better-sqlite3";

/** How long to wait for a process that only checks whether the guard is held, in ms. */
const LOOK_MS = 250;

/** Result of trying to take a guard. `unsupported`: the file system has no locks. */
export type GuardAttempt = { readonly state: "taken"; readonly release: () => void } | { readonly state: "held" } | { readonly state: "unsupported" };

/**
 * Takes a guard: SQLite's exclusive lock on an empty file. The operating system releases it when its process ends, for whatever reason. It does not depend on process ids, so it
 * also works between containers that share the folder.
 * @throws Error when the file cannot be created
 */
export function takeGuard(file: string): GuardAttempt {
  closeSync(openSync(file, "a", 0o600));
  const db = new Database(file, { timeout: LOOK_MS });
  try {
    // Nothing is written, so there is nothing to roll back after a crash.
    db.pragma("journal_mode = MEMORY");
    db.exec("BEGIN EXCLUSIVE");
    return { state: "taken", release: () => void db.close() };
  } catch (error) {
    db.close();
    return isBusy(error) ? { state: "held" } : { state: "unsupported" };
  }
}

/** Whether a live process holds the guard; `unknown` if there is no guard or the file system does not support locks. */
export function guardState(file: string): "held" | "free" | "unknown" {
  let db: Database.Database;
  try {
    db = new Database(file, { readonly: true, fileMustExist: true, timeout: 0 });
  } catch {
    return "unknown";
  }
  try {
    // A shared lock is refused while another process holds the exclusive one.
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return "free";
  } catch (error) {
    return isBusy(error) ? "held" : "unknown";
  } finally {
    db.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
}
