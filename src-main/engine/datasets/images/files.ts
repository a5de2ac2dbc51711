import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a whole file or nothing: a temporary file beside it, flushed, then renamed over it.
 * Missing folders are made. A reader sees the old content or the new, never a part.
 */
export async function writeFileAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFlushed(temporary, parts);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a new file and flushes it to disk. Missing folders are made; an existing file is an error. */
export async function writeFlushed(path: string, parts: readonly Uint8Array[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "wx");
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle?.close();
  }
}

/** The error code of a failed file operation (`ENOENT`, `ENOSPC` ...), or undefined for anything else. */
export function fileErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
