import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** A database that is read through a copy. */
export interface DatabaseCopy {
  readonly file: string;
  /** Removes the copy. */
  remove(): void;
}

/**
 * A copy of a database that cannot be read in place; null if it can. In write-ahead mode, SQLite must write next to the file even to read it, which is impossible on read-only
 * media. Files there do not change, so a copy has the same content.
 * @throws Error when the copy cannot be written, for example because the disk with temporary files is full
 */
export function copyFromReadOnlyFolder(file: string): DatabaseCopy | null {
  if (!existsSync(file) || isWritable(dirname(file))) return null;
  const folder = mkdtempSync(join(tmpdir(), "ghn-studio-view-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const suffix of ["", "-wal"]) if (existsSync(file + suffix)) copyFileSync(file + suffix, join(folder, basename(file) + suffix));
    return { file: join(folder, basename(file)), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
