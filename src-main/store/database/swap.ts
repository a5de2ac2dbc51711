/** Puts a repaired database in place of the damaged one, so that a crash at any moment leaves one of the two. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/** A complete repaired database that is to replace the one without this ending. */
const REPAIRED = ".repaired";

export function repairedFile(database: string): string {
  return `${database}${REPAIRED}`;
}

/** From here on the repaired database counts, even if the program is killed: {@link finishSwap} is called at the next start. */
export function commitRepaired(prepared: string, database: string): void {
  flush(prepared);
  renameSync(prepared, repairedFile(database));
  flush(dirname(database));
  finishSwap(database);
}

/** Completes a replacement that was committed. The write-ahead log belongs to the damaged database and must go first. */
export function finishSwap(database: string): void {
  if (!existsSync(repairedFile(database))) return;
  for (const suffix of ["-wal", "-shm"]) rmSync(database + suffix, { force: true });
  flush(dirname(database));
  renameSync(repairedFile(database), database);
  flush(dirname(database));
}

/** Writes a file or the entries of a folder to the disk. Folders cannot be opened on Windows. */
export function flush(path: string): void {
  let handle: number;
  try {
    handle = openSync(path, "r");
  } catch (error) {
    if (process.platform === "win32") return;
    throw error;
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
