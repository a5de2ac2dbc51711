import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "./errors.ts";

/** Bytes of a file: at once, or in chunks that are written one after the other. A chunk may be reused once the next one is asked for. */
export type FileData = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes a whole file or nothing: a temporary file in the same folder, flushed to disk, renamed over `file`, and the folder flushed, so that the name
 * survives a power cut too. A reader sees the old content or the new one, never a part. Missing folders are made. On failure, including one inside `data`,
 * the temporary file is removed and the old content stays.
 *
 * @throws UserError `disk-full` or `not-writable` with the file named; whatever `data` throws passes through
 */
export async function writeFileAtomic(file: string, data: FileData): Promise<void> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${path.basename(file)}.${randomUUID()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFlushed(temporary, data);
    await rename(temporary, file);
    await flushFolder(folder);
  } catch (error) {
    // The first failure is the one to tell; a temporary file that cannot be removed either is left behind.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw inWords(error, file);
  }
}

/** The code of a failed system call (`ENOENT`, `ENOSPC` …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

async function writeFlushed(file: string, data: FileData): Promise<void> {
  const handle = await open(file, "wx");
  try {
    for await (const chunk of data instanceof Uint8Array ? [data] : data) await writeAll(handle, chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A single `write` may take less than it is given. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) written += (await handle.write(chunk, written)).bytesWritten;
}

/** Makes a rename last. Windows cannot open folders and needs no flush of them. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const FORBIDDEN = new Set(["EACCES", "EPERM", "EROFS", "EISDIR", "ENOTDIR", "EEXIST"]);

function inWords(error: unknown, file: string): unknown {
  const code = systemErrorCode(error);
  if (code !== undefined && FULL.has(code)) {
    return new UserError(`There is no room left to write the file ${file}.`, {
      code: "disk-full",
      remedy: "Free some space on that disk, or choose another folder, and try again.",
      file,
      cause: error,
    });
  }
  if (code !== undefined && FORBIDDEN.has(code)) {
    return new UserError(`The file ${file} cannot be written (${code}).`, {
      code: "not-writable",
      remedy: "Check that its folder is a folder and that you may write into it.",
      file,
      cause: error,
    });
  }
  return error;
}
