/** Puts a repaired database in place of the damaged one, so that a crash at any moment leaves one of the two. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { flushFileSync, flushFolderSync } from "../../lib/flush.ts";

/** A complete repaired database that is to replace the one without this ending. */
const REPAIRED = ".repaired";

export function repairedFile(database: string): string {
  return `${database}${REPAIRED}`;
}

/** From here on the repaired database counts, even if the program is killed: {@link finishSwap} is called at the next start. */
export function commitRepaired(prepared: string, database: string): void {
  flushFileSync(prepared);
  renameSync(prepared, repairedFile(database));
  flushFolderSync(dirname(database));
  finishSwap(database);
}

/** Completes a replacement that was committed. The write-ahead log belongs to the damaged database and must go first. */
export function finishSwap(database: string): void {
  if (!existsSync(repairedFile(database))) return;
  for (const suffix of ["-wal", "-shm"]) rmSync(database + suffix, { force: true });
  flushFolderSync(dirname(database));
  renameSync(repairedFile(database), database);
  flushFolderSync(dirname(database));
}
