import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";

import { UserError } from "../../../lib/errors.ts";
import { CATALOG, type OfficialFile } from "../images/catalog.ts";
import { fileErrorCode } from "../images/files.ts";
import type { DatasetId, DatasetLocations, DatasetProgress } from "../images/types.ts";
import { checkRef, type DatasetDescription, describeDataset } from "../open.ts";
import { installOfficial } from "./import.ts";

/** How to download; the defaults suit the user, the rest is for tests and mirrors of one's own. */
export interface DownloadOptions {
  readonly onProgress?: (progress: DatasetProgress) => void;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
  /** Instead of the official files. */
  readonly files?: readonly OfficialFile[];
  /** Pause before trying again, in ms; doubles with every failure in a row. 1,000 unless given. */
  readonly retryDelayMs?: number;
  /** A connection silent for so long counts as broken, in ms; 30,000 unless given. */
  readonly idleTimeoutMs?: number;
  /** Free bytes on the disk of a folder; asks the system unless given. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const FAILURES_PER_MIRROR = 4;
const SPARE_BYTES = 64 * 2 ** 20;
const PROGRESS_INTERVAL_MS = 100;

/**
 * Downloads an official dataset into `dataRoot/<id>` and opens it. A dataset that is there and complete is left alone.
 *
 * What has arrived is kept in `dataRoot/.downloads/<id>` as `.part` files and continued by a Range request after a broken connection,
 * a cancelled or a crashed download. Every file is checked against its published MD5 before it takes its name, every mirror is tried,
 * and the dataset appears in one step.
 *
 * @returns the description of the dataset now there
 * @throws UserError `download-none`, `download-busy`, `download-failed` (names what each mirror answered), `disk-full`; the reason of the
 * signal when it is aborted (what has arrived is kept)
 */
export async function downloadDataset(id: DatasetId, dataRoot: string, options: DownloadOptions = {}): Promise<DatasetDescription> {
  checkRef({ id });
  const catalog = CATALOG[id];
  const files = options.files ?? catalog.files;
  if (id === "folder" || files.length === 0) {
    throw new UserError(`${catalog.name} cannot be downloaded.`, {
      code: "download-none",
      field: "id",
      remedy: id === "digits" ? "It comes with the program: open it directly." : "Give the path of a folder or archive that holds the images.",
    });
  }
  const locations: DatasetLocations = {
    dataRoot,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const present = await describeDataset({ id }, locations).catch((error: unknown) => {
    options.signal?.throwIfAborted();
    if (error instanceof UserError) return null;
    throw error;
  });
  if (present !== null && isComplete(present)) return present;

  const folder = join(dataRoot, ".downloads", id);
  await mkdir(folder, { recursive: true });
  const unlock = await lock(join(folder, "lock"), catalog.name);
  try {
    await requireSpace(folder, files, catalog.unpackedBytes, options.freeBytes ?? freeBytesOf);
    for (const file of files) await fetchFile(file, join(folder, file.name), options);
    const only = files.length === 1 ? files[0] : undefined;
    await installOfficial(id, only === undefined ? folder : join(folder, only.name), locations, true);
  } finally {
    await unlock();
  }
  await rm(folder, { recursive: true, force: true });
  return describeDataset({ id }, locations);
}

function isComplete({ completeness }: DatasetDescription): boolean {
  return completeness === null || (completeness.trainFound >= completeness.trainExpected && completeness.testFound >= completeness.testExpected);
}

/** Fetches one file to `path`, from whichever mirror gives the right bytes. */
async function fetchFile(file: OfficialFile, path: string, options: DownloadOptions): Promise<void> {
  if ((await sizeOf(path)) > 0 && (await md5Of(path, file, options)) === file.md5) return;
  const part = `${path}.part`;
  const answers: string[] = [];
  // A part from an earlier try may be whole already.
  if (file.bytes > 0 && (await sizeOf(part)) === file.bytes && (await md5Of(part, file, options)) === file.md5) {
    await rename(part, path);
    return;
  }
  for (const url of file.urls) {
    let failures = 0;
    let furthest = 0;
    while (failures < FAILURES_PER_MIRROR) {
      if (failures > 0) await pause((options.retryDelayMs ?? 1000) * 2 ** (failures - 1), options.signal);
      const outcome = await transfer(url, file, part, options);
      if (outcome.kind === "complete") {
        const found = await md5Of(part, file, options);
        if (found === file.md5) {
          await rename(part, path);
          return;
        }
        await rm(part, { force: true });
        answers.push(`${url} gave a file with the checksum ${found} instead of ${file.md5}`);
        // A resumed file may be a mixture of two; a fresh one will not change.
        if (!outcome.resumed) break;
        failures++;
      } else {
        answers.push(`${url} ${outcome.why}`);
        if (outcome.kind === "refused") break;
        const size = await sizeOf(part);
        // Counts as progress only well beyond what was ever reached: a server that always restarts and drops, now a little earlier, now a little later, must not go on for ever.
        failures = size > furthest + leastProgress(file) ? 1 : failures + 1;
        furthest = Math.max(furthest, size);
      }
    }
  }
  const kept = (await sizeOf(part)) > 0 ? " What has arrived is kept and will be continued." : "";
  throw new UserError(`${file.name} could not be downloaded: ${[...new Set(answers)].join("; ")}.${kept}`, {
    code: "download-failed",
    file: file.name,
    remedy: `Check the connection and try again, or fetch ${file.urls[0] ?? file.name} by other means and import it.`,
  });
}

/** Bytes that a connection must add to count as progress: 64 KiB, less of a small file. */
function leastProgress({ bytes }: OfficialFile): number {
  return Math.min(65_536, Math.max(0, bytes) / 20);
}

type Outcome =
  | { readonly kind: "complete"; readonly resumed: boolean }
  /** Worth another try at this mirror. */
  | { readonly kind: "broken"; readonly why: string }
  /** This mirror does not have the file. */
  | { readonly kind: "refused"; readonly why: string };

/** One request: continues or begins the `.part` file. */
async function transfer(url: string, file: OfficialFile, part: string, options: DownloadOptions): Promise<Outcome> {
  const { signal, onProgress, idleTimeoutMs = 30_000 } = options;
  signal?.throwIfAborted();
  const have = await sizeOf(part);
  const idle = new AbortController();
  let timer = setTimeout(() => {
    idle.abort();
  }, idleTimeoutMs);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      idle.abort();
    }, idleTimeoutMs);
  };
  const combined = signal === undefined ? idle.signal : AbortSignal.any([signal, idle.signal]);
  let handle: FileHandle | undefined;
  try {
    const response = await (options.fetch ?? globalThis.fetch)(url, {
      signal: combined,
      // The published bytes themselves, not an encoding of them.
      headers: { "accept-encoding": "identity", ...(have > 0 ? { range: `bytes=${String(have)}-` } : {}) },
    });
    if (response.status === 416) {
      await response.body?.cancel();
      if (response.headers.get("content-range") === `bytes */${String(have)}`) return { kind: "complete", resumed: true };
      await rm(part, { force: true });
      return { kind: "broken", why: "does not have the rest of the file" };
    }
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      const retry = response.status >= 500 || response.status === 429 || response.status === 408;
      return { kind: retry ? "broken" : "refused", why: `answered ${String(response.status)}${response.statusText === "" ? "" : ` ${response.statusText}`}` };
    }
    const resumed = have > 0 && response.status === 206;
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
    if (resumed && Number(range?.[1]) !== have) {
      await response.body.cancel();
      await rm(part, { force: true });
      return { kind: "broken", why: "continued at another place than asked for" };
    }
    const length = response.headers.get("content-length");
    const declared = resumed ? Number(range?.[2] ?? Number.NaN) : length === null ? Number.NaN : Number(length);
    const total = Number.isFinite(declared) ? declared : file.bytes > 0 ? file.bytes : null;
    const limit = file.bytes > 0 ? file.bytes + 2 ** 20 : 4 * 2 ** 30;

    handle = await open(part, resumed ? "a" : "w");
    let done = resumed ? have : 0;
    let reported = 0;
    for await (const chunk of response.body) {
      alive();
      await handle.writeFile(chunk);
      done += chunk.length;
      if (done > limit) {
        await rm(part, { force: true });
        return { kind: "refused", why: `sent more than the ${String(file.bytes)} bytes of the published file` };
      }
      const now = performance.now();
      if (now - reported >= PROGRESS_INTERVAL_MS) {
        reported = now;
        onProgress?.({ phase: "download", what: file.name, done, total, unit: "bytes" });
      }
    }
    await handle.sync();
    onProgress?.({ phase: "download", what: file.name, done, total, unit: "bytes" });
    if (Number.isFinite(declared) && done < declared) return { kind: "broken", why: `ended after ${String(done)} of ${String(declared)} bytes` };
    return { kind: "complete", resumed };
  } catch (error) {
    signal?.throwIfAborted();
    const code = fileErrorCode(error);
    if (code === "ENOSPC" || code === "EDQUOT") throw diskFull(dirname(part));
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") throw error;
    if (idle.signal.aborted) return { kind: "broken", why: `was silent for ${String(idleTimeoutMs)} ms` };
    return { kind: "broken", why: `broke off (${reasonOf(error)})` };
  } finally {
    clearTimeout(timer);
    await handle?.close();
  }
}

/** fetch hides what happened behind "fetch failed" or "terminated". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}

async function md5Of(path: string, file: OfficialFile, { onProgress, signal }: DownloadOptions): Promise<string> {
  onProgress?.({ phase: "check", what: file.name, done: 0, total: file.bytes, unit: "bytes" });
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, ...(signal === undefined ? {} : { signal }) })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT") return 0;
    throw error;
  }
}

async function requireSpace(folder: string, files: readonly OfficialFile[], unpacked: number, freeBytes: (folder: string) => Promise<number>): Promise<void> {
  let needed = unpacked + SPARE_BYTES;
  for (const file of files) {
    const arrived = Math.max(await sizeOf(join(folder, file.name)), await sizeOf(join(folder, `${file.name}.part`)));
    needed += Math.max(0, file.bytes - arrived);
  }
  const free = await freeBytes(folder);
  if (free < needed) throw diskFull(folder, needed, free);
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function diskFull(folder: string, needed?: number, free?: number): UserError {
  const megabytes = (bytes: number): string => `${String(Math.ceil(bytes / 1e6))} MB`;
  const detail = needed === undefined || free === undefined ? "" : ` (${megabytes(needed)} are needed and ${megabytes(free)} are free)`;
  return new UserError(`The disk that holds ${folder} has too little space${detail}.`, {
    code: "disk-full",
    file: folder,
    remedy: "Free some space, or choose a data folder on another disk.",
  });
}

/** One download of a dataset at a time; a lock left by a process that is gone is taken over. */
async function lock(path: string, name: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(path, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (fileErrorCode(error) !== "EEXIST") throw error;
      const owner = Number(await readFile(path, "utf8").catch(() => ""));
      if (isRunning(owner)) {
        throw new UserError(`${name} is being downloaded already.`, {
          code: "download-busy",
          file: path,
          remedy: `Wait for that download, or end process ${String(owner)}.`,
        });
      }
      await rm(path, { force: true });
    }
  }
  throw new UserError(`${name} is being downloaded already.`, { code: "download-busy", file: path, remedy: "Wait for that download." });
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return fileErrorCode(error) === "EPERM";
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
