/**
 * Files that are verified before they are loaded: a library that was cut off ends the process with a signal instead of an error. Sizes and checksums are recorded when the files
 * are complete. Hashing takes seconds for large libraries, so a file that was verified once is hashed again only if its inode, size or times have changed.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { writeFileAtomicSync } from "./files.ts";

interface Checksum {
  readonly bytes: number;
  readonly sha256: string;
}

export type Verdict =
  | { readonly state: "intact" }
  /** Nothing was recorded: the files are from an earlier version. */
  | { readonly state: "unknown" }
  /** `reason` is the end of a sentence. */
  | { readonly state: "damaged"; readonly file: string; readonly reason: string };

const CHECKSUMS = "checksums.json";
const STAMPS = "verified.json";

/** Records the files of a folder, by their paths in it. */
export function recordFiles(folder: string, files: readonly string[], name = CHECKSUMS): void {
  const checksums = Object.fromEntries(files.map((file) => [file, checksumOf(path.join(folder, file))]));
  writeFileAtomicSync(path.join(folder, name), `${JSON.stringify(checksums)}\n`);
}

/**
 * Verifies the recorded files of a folder.
 * @param full hashes them even if nothing about them has changed since they were verified
 */
export function verifyFiles(folder: string, { full = false, name = CHECKSUMS }: { readonly full?: boolean; readonly name?: string } = {}): Verdict {
  const checksums = readChecksums(path.join(folder, name));
  if (checksums === null) return { state: "unknown" };
  const stampFile = path.join(folder, `${path.parse(name).name}-${STAMPS}`);
  const stamps = full ? {} : readStamps(stampFile);
  const fresh: Record<string, string> = {};
  for (const [file, expected] of Object.entries(checksums)) {
    const problem = problemOf(path.join(folder, file), expected, stamps[file] ?? "");
    if (problem !== null) return { state: "damaged", file: path.join(folder, file), reason: problem };
    fresh[file] = stampOf(path.join(folder, file));
  }
  if (JSON.stringify(fresh) !== JSON.stringify(stamps)) {
    try {
      writeFileAtomicSync(stampFile, `${JSON.stringify(fresh)}\n`);
    } catch {
      // The folder belongs to another user: the files are hashed again next time.
    }
  }
  return { state: "intact" };
}

function problemOf(file: string, expected: Checksum, stamp: string): string | null {
  try {
    const { size } = statSync(file);
    if (size !== expected.bytes) return `has ${size} bytes instead of ${expected.bytes}`;
    if (stampOf(file) === stamp) return null;
    return checksumOf(file).sha256 === expected.sha256 ? null : "has changed: its checksum does not match";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "ENOENT") return "is missing";
    return code === "EACCES" ? "cannot be read by this user (permission denied)" : `cannot be read (${code})`;
  }
}

function stampOf(file: string): string {
  const { size, mtimeMs, ctimeMs, ino } = statSync(file);
  return [size, mtimeMs, ctimeMs, ino].join(" ");
}

function checksumOf(file: string): Checksum {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(2 ** 22);
  const handle = openSync(file, "r");
  let bytes = 0;
  try {
    for (let read = readSync(handle, chunk); read > 0; read = readSync(handle, chunk)) {
      hash.update(chunk.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(handle);
  }
  return { bytes, sha256: hash.digest("hex") };
}

function readChecksums(file: string): Readonly<Record<string, Checksum>> | null {
  const checksums = readRecord(file);
  if (checksums === null) return null;
  const valid = Object.values(checksums).every((entry) => {
    const { bytes, sha256 } = (entry ?? {}) as Partial<Checksum>;
    return typeof bytes === "number" && typeof sha256 === "string";
  });
  return valid ? (checksums as Readonly<Record<string, Checksum>>) : null;
}

function readStamps(file: string): Readonly<Record<string, string>> {
  return (readRecord(file) ?? {}) as Readonly<Record<string, string>>;
}

function readRecord(file: string): Readonly<Record<string, unknown>> | null {
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof content === "object" && content !== null ? (content as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
