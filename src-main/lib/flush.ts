/** Flushing files and folders, so that a crash or power failure does not lose what was written. */
import { closeSync, fsyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";

/** Folders cannot be opened on Windows and need no flush there. */
const CANNOT_FLUSH_FOLDERS = process.platform === "win32";

/** Makes a rename inside a folder durable. @throws the error of the failed system call */
export async function flushFolder(folder: string): Promise<void> {
  if (CANNOT_FLUSH_FOLDERS) return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The same, where the caller cannot wait. */
export function flushFolderSync(folder: string): void {
  if (!CANNOT_FLUSH_FOLDERS) flushFileSync(folder);
}

/** Writes the content of an existing file to the disk. @throws the error of the failed system call */
export function flushFileSync(file: string): void {
  const handle = openSync(file, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
