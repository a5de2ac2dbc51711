import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

import { UserError } from "../../../lib/errors.ts";
import { systemErrorCode } from "../../../lib/files.ts";
import type { DatasetProgress } from "../images/types.ts";
import type { OfficialFile } from "../official/catalog.ts";
import { diskFull } from "./disk-space.ts";

/** Options of a transfer. The defaults suit users; the rest is for tests and private mirrors. */
export interface TransferOptions {
  readonly onProgress?: (progress: DatasetProgress) => void;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof globalThis.fetch;
  /** Delay before a retry, in ms; doubles after each consecutive failure. 1,000 by default. */
  readonly retryDelayMs?: number;
  /** A connection that sends nothing for this long counts as broken, in ms; 30,000 by default. */
  readonly idleTimeoutMs?: number;
}

const FAILURES_PER_MIRROR = 4;
const PROGRESS_INTERVAL_MS = 100;

/**
 * Downloads one file to `path` from the first mirror that sends the right bytes. A `.part` file from an earlier attempt is continued.
 *
 * @throws UserError `download-failed` (with the answer of each mirror), `disk-full`; the reason of the signal when it is aborted
 */
export async function fetchFile(file: OfficialFile, path: string, options: TransferOptions): Promise<void> {
  if ((await fileSize(path)) > 0 && (await md5Of(path, file, options)) === file.md5) return;
  const part = `${path}.part`;
  const answers: string[] = [];
  // The .part file of an earlier attempt may be complete.
  if (file.bytes > 0 && (await fileSize(part)) === file.bytes && (await md5Of(part, file, options)) === file.md5) {
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
        answers.push(`${url} sent a file with the checksum ${found} instead of ${file.md5}`);
        // A resumed file may be a mixture of two versions; a complete one would be the same again.
        if (!outcome.resumed) break;
        failures++;
      } else {
        answers.push(`${url} ${outcome.why}`);
        if (outcome.kind === "refused") break;
        const size = await fileSize(part);
        // Only bytes well beyond the furthest point so far count as progress, or a server that keeps restarting and dropping the connection would be retried forever.
        failures = size > furthest + leastProgress(file) ? 1 : failures + 1;
        furthest = Math.max(furthest, size);
      }
    }
  }
  const kept = (await fileSize(part)) > 0 ? " The received part is kept, and the next attempt continues it." : "";
  throw new UserError(`${file.name} could not be downloaded: ${[...new Set(answers)].join("; ")}.${kept}`, {
    code: "download-failed",
    file: file.name,
    remedy: `Check the connection and try again, or download ${file.urls[0] ?? file.name} by other means and import it.`,
  });
}

/** Bytes that a connection must add to count as progress: 64 KiB, or less for a small file. */
function leastProgress({ bytes }: OfficialFile): number {
  return Math.min(65_536, Math.max(0, bytes) / 20);
}

type Outcome =
  | { readonly kind: "complete"; readonly resumed: boolean }
  /** A failure that is worth another attempt at this mirror. */
  | { readonly kind: "broken"; readonly why: string }
  /** This mirror does not have the file. */
  | { readonly kind: "refused"; readonly why: string };

/** One request: starts or continues the `.part` file. */
async function transfer(url: string, file: OfficialFile, part: string, options: TransferOptions): Promise<Outcome> {
  const { signal, onProgress, idleTimeoutMs = 30_000 } = options;
  signal?.throwIfAborted();
  const have = await fileSize(part);
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
      // The published bytes, not a compressed encoding of them.
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
      return { kind: "broken", why: "continued at the wrong position" };
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
    const code = systemErrorCode(error);
    if (code === "ENOSPC" || code === "EDQUOT") throw diskFull(dirname(part));
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") throw error;
    if (idle.signal.aborted) return { kind: "broken", why: `sent nothing for ${String(idleTimeoutMs)} ms` };
    return { kind: "broken", why: `broke the connection (${reasonOf(error)})` };
  } finally {
    clearTimeout(timer);
    await handle?.close();
  }
}

/** The actual error; `fetch` hides it as the cause of "fetch failed" or "terminated". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}

async function md5Of(path: string, file: OfficialFile, { onProgress, signal }: TransferOptions): Promise<string> {
  onProgress?.({ phase: "check", what: file.name, done: 0, total: file.bytes, unit: "bytes" });
  const hash = createHash("md5");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20, ...(signal === undefined ? {} : { signal }) })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Size of a file in bytes; 0 if it does not exist. */
export async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return 0;
    throw error;
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
