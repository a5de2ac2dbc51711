import { createReadStream, type Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { systemErrorCode } from "../../../lib/files.ts";
import { unreadable } from "./errors.ts";

/** What is at a path. */
export type SourceKind = "folder" | "tar" | "tar.gz" | "zip" | "file";

/**
 * Distinguishes folders, archives (by their first bytes, not their names) and other files; null when there is nothing at the path.
 *
 * @throws UserError `file-unreadable`
 */
export async function sourceKind(path: string): Promise<SourceKind | null> {
  let info: Stats;
  try {
    info = await stat(path);
  } catch (error) {
    const code = systemErrorCode(error);
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
    // For a damaged stream, the part that could be unpacked decides; the reader reports the damage.
  } finally {
    file.destroy();
    gunzip.destroy();
  }
  // A damaged archive without a readable head is recognised by its name.
  return looksLikeTar(head) || (head.length === 0 && /\.(tgz|tar\.gz)$/i.test(path));
}
