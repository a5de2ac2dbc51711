import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Parser } from "tar";
import { systemErrorCode } from "../../../lib/files.ts";
import { damaged, unreadable, unsafe } from "./errors.ts";
import { cleanName, isClutter, SourceGate } from "./gate.ts";
import type { SourceVisitor } from "./visitor.ts";

/** Reads the wanted files of a tar archive in their order. Links and devices are refused. Errors as in `readSource`. */
export async function readTar(path: string, kind: "tar" | "tar.gz", visitor: SourceVisitor): Promise<void> {
  const gate = new SourceGate(path, visitor.limits);
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
          if (name === "") throw damaged(path, "an entry has no name");
          keep = failure === undefined && visitor.wanted(name) && !isClutter(name);
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
          throw unsafe(path, `its entry "${name}" is a link or a device`);
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
      // Wait for the visitor, so that memory stays bounded.
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
    fail(systemErrorCode(error)?.startsWith("Z_") === true ? damaged(path, error) : unreadable(path, error));
  } finally {
    file.destroy();
    stream.destroy();
  }
  if (failure !== undefined) throw failure;
}
