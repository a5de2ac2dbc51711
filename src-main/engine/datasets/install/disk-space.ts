import { statfs } from "node:fs/promises";
import { UserError } from "../../../lib/errors.ts";

/** Free space to keep after a download. */
const SPARE_BYTES = 64 * 2 ** 20;

/** @throws UserError `disk-full` if the disk of a folder has fewer free bytes than needed, plus a reserve */
export async function requireSpace(folder: string, bytes: number, freeBytes = freeBytesOf): Promise<void> {
  const needed = bytes + SPARE_BYTES;
  const free = await freeBytes(folder);
  if (free < needed) throw diskFull(folder, needed, free);
}

export function diskFull(folder: string, needed?: number, free?: number): UserError {
  const megabytes = (bytes: number): string => `${String(Math.ceil(bytes / 1e6))} MB`;
  const detail = needed === undefined || free === undefined ? "" : ` (needs ${megabytes(needed)}, has ${megabytes(free)} free)`;
  return new UserError(`The disk that contains ${folder} does not have enough space${detail}.`, {
    code: "disk-full",
    file: folder,
    remedy: "Free some space, or choose a data folder on another disk.",
  });
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
