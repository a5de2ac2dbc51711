/** Files whose size and checksum were recorded when they were written. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

export interface RecordedFile {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** What is wrong with a file, as the end of a sentence about it; null if it is as recorded. @throws system errors, also when it does not exist */
export async function fileDamage(path: string, { bytes, sha256 }: RecordedFile): Promise<string | null> {
  const { size } = await stat(path);
  if (size !== bytes) return `has ${size} bytes instead of ${bytes}`;
  return (await fileSha256(path)) === sha256 ? null : "has changed: its checksum does not match";
}

/** SHA-256 of a file in hex, read in chunks. @throws system errors */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest("hex");
}
