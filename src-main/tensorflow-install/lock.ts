import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import Database from "better-sqlite3";
import { makeFolder } from "../lib/make-folder.ts";

const BETWEEN_TRIES_MS = 200;

/**
 * Runs `work` while holding a lock, so that concurrent set-ups do not repeat it. The lock is SQLite's lock on a small file: the operating system releases it
 * however the process ends, so no stale lock is left behind.
 * @param onWait called once when another process holds the lock
 */
export async function withLock<T>(file: string, work: () => Promise<T>, onWait: () => void = () => undefined): Promise<T> {
  makeFolder(path.dirname(file));
  const database = new Database(file, { timeout: 0 });
  try {
    for (let said = false; !take(database); said = true) {
      if (!said) onWait();
      await wait(BETWEEN_TRIES_MS);
    }
    return await work();
  } finally {
    database.close();
  }
}

function take(database: Database.Database): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}
