import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { lstat, open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { crc32, createGunzip, gunzipSync } from "node:zlib";

import { Parser } from "tar";
import yauzl from "yauzl";

import { UserError } from "../../../lib/errors.ts";
import { fileErrorCode } from "../images/files.ts";

/** One file of a folder or an archive. `name` is relative, with `/` between its parts. */
export interface SourceEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Bounds on what is read, against archives made to exhaust memory or disk. */
export interface SourceLimits {
  /** Files and folders in all, wanted or not. */
  readonly maxEntries: number;
  /** Bytes of one wanted file, unpacked. */
  readonly maxEntryBytes: number;
  /** Bytes of all files together, unpacked. */
  readonly maxTotalBytes: number;
}

export const DEFAULT_LIMITS: SourceLimits = { maxEntries: 1_000_000, maxEntryBytes: 512 * 2 ** 20, maxTotalBytes: 16 * 2 ** 30 };

/** What to read and what to do with it. */
export interface SourceVisitor {
  /** Decides by name, before anything is read. */
  readonly wanted: (name: string) => boolean;
  /** Called for every wanted file; several calls may be under way at once, and an archive waits for them now and then. */
  readonly onEntry: (entry: SourceEntry) => void | Promise<void>;
  readonly limits?: SourceLimits;
  readonly signal?: AbortSignal;
  readonly onBytes?: (done: number, total: number | null) => void;
}

/** What a path leads to. */
export type SourceKind = "folder" | "tar" | "tar.gz" | "zip" | "file";

/**
 * Tells folders, archives (by their first bytes, not their names) and other files apart; null when nothing is there.
 */
export async function sourceKind(path: string): Promise<SourceKind | null> {
  let info: Stats;
  try {
    info = await stat(path);
  } catch (error) {
    const code = fileErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw unreadable(path, error);
  }
  if (info.isDirectory()) return "folder";
  if (!info.isFile()) return "file";
  const head = Buffer.alloc(512);
  const handle = await open(path, "r").catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const { bytesRead } = await handle.read(head, 0, 512, 0);
    if (bytesRead >= 4 && head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5)) return "zip";
    if (head[0] === 0x1f && head[1] === 0x8b) return (await gzipHoldsTar(path)) ? "tar.gz" : "file";
    return looksLikeTar(head.subarray(0, bytesRead)) ? "tar" : "file";
  } finally {
    await handle.close();
  }
}

/**
 * Reads the wanted files of a folder (by sorted name) or archive (in its own order). Nothing is written. Links are never followed:
 * inside a folder they are passed over, in an archive they are refused.
 *
 * @throws UserError `archive-unsafe` (an entry leads outside, is a link or too large), `archive-damaged`, `file-unreadable`,
 * `not-a-source`; the reason of the signal when it is aborted
 */
export async function readSource(path: string, visitor: SourceVisitor): Promise<void> {
  const kind = await sourceKind(path);
  if (kind === "folder") await readFolder(path, visitor);
  else if (kind === "zip") await readZip(path, visitor);
  else if (kind === "tar" || kind === "tar.gz") await readTar(path, kind, visitor);
  else {
    throw new UserError(kind === null ? `There is nothing at ${path}.` : `The file ${path} is neither a folder nor an archive.`, {
      code: "not-a-source",
      file: path,
      remedy: "Give the path of a folder, or of a .tar.gz, .tgz, .tar or .zip archive.",
    });
  }
}

/** All wanted files at once, by name. For sources known to be small in number. */
export async function readSourceFiles(path: string, visitor: Omit<SourceVisitor, "onEntry">): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await readSource(path, { ...visitor, onEntry: ({ name, bytes }) => void files.set(name, bytes) });
  return files;
}

/**
 * SHA-256 over names, sizes and times of change of the wanted files of a folder, or over those of the archive itself:
 * changes whenever the content may have changed.
 */
export async function sourceSignature(path: string, wanted: (name: string) => boolean): Promise<string> {
  const hash = createHash("sha256");
  const add = async (name: string, file: string): Promise<void> => {
    const { size, mtimeMs } = await stat(file);
    hash.update(JSON.stringify([name, size, mtimeMs]));
  };
  if ((await sourceKind(path)) === "folder") {
    for (const name of await listFolder(path, { wanted }, new Gate(path, DEFAULT_LIMITS))) await add(name, join(path, name));
  } else await add(path, path);
  return hash.digest("hex");
}

/**
 * The bytes of a file, gunzipped when it begins like gzip.
 *
 * @param name for the message
 * @throws UserError `archive-damaged` for a truncated or oversized gzip stream
 */
export function gunzipIfNeeded(name: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    throw damaged(name, error);
  }
}

async function listFolder(root: string, visitor: Pick<SourceVisitor, "wanted" | "signal">, gate: Gate): Promise<string[]> {
  const names: string[] = [];
  const walk = async (relative: string, depth: number): Promise<void> => {
    visitor.signal?.throwIfAborted();
    const children = await readdir(join(root, relative), { withFileTypes: true }).catch((error: unknown) => {
      throw unreadable(join(root, relative), error);
    });
    for (const child of children.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = relative === "" ? child.name : `${relative}/${child.name}`;
      gate.count(name);
      if (child.isDirectory()) {
        if (depth < MAX_DEPTH && !isClutter(name)) await walk(name, depth + 1);
      } else if (child.isFile() && !isClutter(name) && visitor.wanted(name)) names.push(name);
    }
  };
  await walk("", 0);
  return names;
}

async function readFolder(root: string, visitor: SourceVisitor): Promise<void> {
  const gate = new Gate(root, visitor.limits ?? DEFAULT_LIMITS);
  let done = 0;
  for (const name of await listFolder(root, visitor, gate)) {
    visitor.signal?.throwIfAborted();
    const path = join(root, name);
    const { size } = await lstat(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    gate.admit(name, size);
    const bytes = await readFile(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    done += bytes.length;
    visitor.onBytes?.(done, null);
    await visitor.onEntry({ name, bytes });
  }
}

async function readTar(path: string, kind: "tar" | "tar.gz", visitor: SourceVisitor): Promise<void> {
  const gate = new Gate(path, visitor.limits ?? DEFAULT_LIMITS);
  const { size: total } = await stat(path);
  const pending = new Set<Promise<void>>();
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
  };
  const parser = new Parser({
    strict: false,
    onwarn: (code: string, message: string | Error) => {
      if (code === "TAR_BAD_ARCHIVE" || code === "TAR_ABORT" || code === "TAR_ENTRY_INVALID") fail(damaged(path, message));
    },
  });
  parser.on("error", (error: unknown) => {
    fail(damaged(path, error));
  });
  parser.on(
    "entry",
    (entry: { path: string; type: string; size: number; on: (event: string, listener: (chunk: Buffer) => void) => void; resume: () => void }) => {
      const chunks: Buffer[] = [];
      let keep = false;
      try {
        const name = cleanName(path, entry.path);
        gate.count(name);
        if (entry.type === "File" || entry.type === "OldFile" || entry.type === "ContiguousFile") {
          keep = failure === undefined && !isClutter(name) && visitor.wanted(name);
          if (keep) {
            gate.admit(name, entry.size);
            entry.on("data", (chunk) => void chunks.push(chunk));
            entry.on("end", () => {
              if (failure !== undefined) return;
              const job = Promise.resolve(visitor.onEntry({ name, bytes: Buffer.concat(chunks) }))
                .catch(fail)
                .finally(() => pending.delete(job));
              pending.add(job);
            });
          } else gate.pass(name, entry.size);
        } else if (entry.type !== "Directory") {
          throw unsafe(path, `it holds the entry "${name}", which is a link or a device`);
        }
      } catch (error) {
        fail(error);
        keep = false;
      }
      if (!keep) entry.resume();
    },
  );

  const file = createReadStream(path, { highWaterMark: 2 ** 18, ...(visitor.signal === undefined ? {} : { signal: visitor.signal }) });
  let done = 0;
  file.on("data", (chunk) => {
    done += chunk.length;
    visitor.onBytes?.(done, total);
  });
  let stream: Readable = file;
  if (kind === "tar.gz") {
    const gunzip = createGunzip({ chunkSize: 2 ** 18 });
    file.on("error", (error) => gunzip.destroy(error));
    stream = file.pipe(gunzip);
  }
  try {
    for await (const chunk of stream) {
      parser.write(chunk as Buffer);
      // Decoding keeps pace with reading, so that memory stays bounded.
      if (pending.size > 0) await Promise.all(pending);
      if (failure !== undefined) break;
    }
    if (failure === undefined) {
      await new Promise<void>((resolve) => {
        parser.on("end", resolve);
        parser.on("abort", resolve);
        parser.end();
      });
    }
    await Promise.all(pending);
  } catch (error) {
    visitor.signal?.throwIfAborted();
    fail(fileErrorCode(error)?.startsWith("Z_") === true ? damaged(path, error) : unreadable(path, error));
  } finally {
    file.destroy();
    stream.destroy();
  }
  if (failure !== undefined) throw failure;
}

async function readZip(path: string, visitor: SourceVisitor): Promise<void> {
  const gate = new Gate(path, visitor.limits ?? DEFAULT_LIMITS);
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    // Sizes are checked while unpacking; names with "..", backslashes or a leading slash are refused by the reader itself.
    yauzl.open(path, { lazyEntries: true, autoClose: false, validateEntrySizes: true }, (error, file) => {
      if (error) reject(damaged(path, error));
      else resolve(file);
    });
  });
  try {
    let done = 0;
    await new Promise<void>((resolve, reject) => {
      zip.on("error", (error: Error) => {
        reject(
          /relative path|absolute path|invalid characters/.test(error.message)
            ? unsafe(path, `it holds an entry that leads outside (${error.message})`)
            : damaged(path, error),
        );
      });
      zip.on("end", () => {
        resolve();
      });
      zip.on("entry", (entry: yauzl.Entry) => {
        const visit = async (): Promise<void> => {
          visitor.signal?.throwIfAborted();
          const name = cleanName(path, entry.fileName);
          gate.count(name);
          const isLink = ((entry.externalFileAttributes >>> 16) & 0xf000) === 0xa000;
          if (isLink) throw unsafe(path, `it holds the link "${name}"`);
          if (!entry.fileName.endsWith("/") && !isClutter(name) && visitor.wanted(name)) {
            gate.admit(name, entry.uncompressedSize);
            const bytes = await readZipEntry(path, zip, entry);
            done += entry.compressedSize;
            visitor.onBytes?.(done, null);
            await visitor.onEntry({ name, bytes });
          }
          zip.readEntry();
        };
        visit().catch(reject);
      });
      zip.readEntry();
    });
  } finally {
    zip.close();
  }
}

function readZipEntry(path: string, zip: yauzl.ZipFile, entry: yauzl.Entry): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(damaged(path, error));
        return;
      }
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
      stream.on("error", (cause: Error) => {
        reject(damaged(path, cause));
      });
      stream.on("end", () => {
        const bytes = Buffer.concat(chunks);
        // The reader checks sizes, not checksums.
        if (crc32(bytes) === entry.crc32) resolve(bytes);
        else reject(damaged(path, `"${entry.fileName}" does not match its checksum`));
      });
    });
  });
}

const MAX_DEPTH = 16;
const MAX_NAME = 1024;

/** Counts entries and bytes, and refuses past the limits. */
class Gate {
  private readonly path: string;
  private readonly limits: SourceLimits;
  private entries = 0;
  private total = 0;

  constructor(path: string, limits: SourceLimits) {
    this.path = path;
    this.limits = limits;
  }

  count(name: string): void {
    this.entries++;
    if (this.entries > this.limits.maxEntries) throw unsafe(this.path, `it holds more than ${String(this.limits.maxEntries)} files (at "${name}")`);
  }

  admit(name: string, size: number): void {
    if (size > this.limits.maxEntryBytes)
      throw unsafe(this.path, `"${name}" takes ${String(size)} bytes, and ${String(this.limits.maxEntryBytes)} are allowed for one file`);
    this.pass(name, size);
  }

  pass(name: string, size: number): void {
    this.total += size;
    if (this.total > this.limits.maxTotalBytes) throw unsafe(this.path, `its files take more than ${String(this.limits.maxTotalBytes)} bytes (at "${name}")`);
  }
}

/** A relative name with `/`, without `.` parts; refuses anything that could lead outside. */
function cleanName(archive: string, name: string): string {
  const parts = name.replaceAll("\\", "/").split("/");
  const leadsOutside = name.includes("\0") || /^[/\\]|^[A-Za-z]:/.test(name) || parts.includes("..") || name.length > MAX_NAME || parts.length > MAX_DEPTH + 1;
  if (leadsOutside) throw unsafe(archive, `it holds the entry "${name.slice(0, 120)}", which leads outside of it`);
  return parts.filter((part) => part !== "" && part !== ".").join("/");
}

/** Files that operating systems leave behind. */
function isClutter(name: string): boolean {
  return name.split("/").some((part) => part === "__MACOSX" || part === ".DS_Store" || part === "Thumbs.db" || part.startsWith("._") || part === ".git");
}

function looksLikeTar(head: Buffer): boolean {
  return head.length >= 262 && head.subarray(257, 262).toString("latin1") === "ustar";
}

async function gzipHoldsTar(path: string): Promise<boolean> {
  const gunzip = createGunzip();
  const file = createReadStream(path);
  file.on("error", (error) => gunzip.destroy(error));
  file.pipe(gunzip);
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of gunzip) {
      head = Buffer.concat([head, chunk as Buffer]);
      if (head.length >= 512) break;
    }
  } catch {
    // A damaged stream: whatever came out decides, and the reader names the damage.
  } finally {
    file.destroy();
    gunzip.destroy();
  }
  // A damaged archive without a readable head still goes by its name.
  return looksLikeTar(head) || (head.length === 0 && /\.(tgz|tar\.gz)$/i.test(path));
}

function unsafe(path: string, why: string): UserError {
  return new UserError(`The archive or folder ${path} is refused: ${why}.`, {
    code: "archive-unsafe",
    file: path,
    remedy: "Unpack it yourself with a tool that you trust, check what it holds, and give the path of that folder.",
  });
}

function damaged(path: string, cause: unknown): UserError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`The file ${path} is damaged or incomplete (${detail}).`, {
    code: "archive-damaged",
    file: path,
    remedy: "Fetch the file again, then compare its size and checksum with those of its publisher.",
    cause,
  });
}

function unreadable(path: string, cause: unknown): UserError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new UserError(`The path ${path} cannot be read (${detail}).`, {
    code: "file-unreadable",
    file: path,
    remedy: "Check that it exists and that you may read it.",
    cause,
  });
}
