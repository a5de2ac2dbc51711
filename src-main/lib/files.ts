import { randomUUID } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "./errors.ts";
import { flushFolder } from "./flush.ts";
import { makeFolder } from "./make-folder.ts";

/** Content of a file, at once or in chunks. A chunk may be reused once the next one is requested. */
export type FileData = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a file completely or not at all: writes and flushes a temporary file in the same folder, renames it to `file`, and flushes the folder so that the
 * rename survives a power failure. Readers see either the old or the new content. Missing folders are created. On failure, including errors thrown by
 * `data`, the temporary file is removed and the old content stays.
 *
 * @param mode permissions of the file, less the umask of the process
 * @throws UserError `disk-full` or `not-writable`, naming the file; errors thrown by `data` pass through
 */
export async function writeFileAtomic(file: string, data: FileData, mode = 0o666): Promise<void> {
  const folder = path.dirname(file);
  // Independent of the name, which may be as long as file names can be.
  const temporary = path.join(folder, `.${randomUUID()}.tmp`);
  try {
    makeFolder(folder);
    await writeFlushed(temporary, data, mode);
    await rename(temporary, file);
    await flushFolder(folder);
  } catch (error) {
    // Report the first failure, even if the temporary file cannot be removed either.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw inWords(error, file);
  }
}

/**
 * The same for small files, where the caller cannot wait; the rename itself is not flushed. The folder must exist.
 *
 * @param mode permissions of the file, less the umask of the process
 * @throws the error of the failed system call; the old content stays
 */
export function writeFileAtomicSync(file: string, data: string | Uint8Array, mode = 0o666): void {
  const temporary = path.join(path.dirname(file), `.${randomUUID()}.tmp`);
  try {
    writeFileSync(temporary, data, { flag: "wx", flush: true, mode });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The code of a failed system call (`ENOENT`, `ENOSPC`, …); undefined for other errors. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

async function writeFlushed(file: string, data: FileData, mode: number): Promise<void> {
  const handle = await open(file, "wx", mode);
  try {
    for await (const chunk of data instanceof Uint8Array ? [data] : data) await writeAll(handle, chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A single `write` may write only part of the data. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) written += (await handle.write(chunk, written)).bytesWritten;
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const FORBIDDEN = new Set(["EACCES", "EPERM", "EROFS", "EISDIR", "ENOENT", "ENOTDIR", "EEXIST"]);

function inWords(error: unknown, file: string): unknown {
  const code = systemErrorCode(error);
  if (code !== undefined && FULL.has(code)) {
    return new UserError(`There is not enough disk space to write ${file}.`, {
      code: "disk-full",
      remedy: "Free some space on that disk or choose another folder, then try again.",
      file,
      cause: error,
    });
  }
  if (code !== undefined && FORBIDDEN.has(code)) {
    return new UserError(`The file ${file} cannot be written (${code}).`, {
      code: "not-writable",
      remedy: "Check that its parent is a folder and that you have permission to write to it.",
      file,
      cause: error,
    });
  }
  return error;
}
