import { createHash } from "node:crypto";
import { readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { isUserError } from "../../../lib/errors.ts";
import { systemErrorCode, writeFileAtomic } from "../../../lib/files.ts";

/** Decoded images of a folder or archive. */
export interface Decoded {
  /** Names of the images, sorted by code units. */
  readonly names: readonly string[];
  /** The images, in the order of the names. */
  readonly pixels: Uint8Array;
  /** Names of images that could not be decoded, with the reason. */
  readonly broken: readonly string[];
  /** Additional data of the reader, as JSON. */
  readonly extra: unknown;
}

/** Identifies an entry of the cache. */
export interface CacheKey {
  /** Hash of everything that the pixels depend on. */
  readonly content: string;
  /** Hash of the path and the options: an entry replaces others of the same source. */
  readonly source: string;
}

/** Maximum total size of all entries in bytes; the least recently used ones are removed. */
const MOST_CACHED_BYTES = 4 * 2 ** 30;
const VERSION = 2;
const MAGIC = `GHNIMG${VERSION}\n`;
const HEADER = MAGIC.length + 32;
/** Node cannot read larger files at once. */
const MOST_READABLE_BYTES = 2 ** 31 - 1;
const ENTRY = /^images-([0-9a-f]{32})(?:-([0-9a-f]{16}))?\.bin$/;

/**
 * A cache of decoded images, so that reopening an image folder takes one read instead of decoding every image. Entries are verified by SHA-256. Every
 * failure to read counts as a missing entry, and every failure to write is reported as a sentence: the cache is never required.
 */
export class DecodedCache {
  private readonly folder: string;
  private readonly mostBytes: number;

  constructor(folder: string, mostBytes = MOST_CACHED_BYTES) {
    this.folder = folder;
    this.mostBytes = mostBytes;
  }

  /** @param imageBytes bytes of one image; an entry with another size counts as damaged */
  async read({ content }: CacheKey, imageBytes: number): Promise<Decoded | undefined> {
    const name = (await this.entries()).find((entry) => entry.content === content)?.name;
    if (name === undefined) return undefined;
    const path = join(this.folder, name);
    const bytes = await readFile(path).catch(() => undefined);
    const decoded = bytes === undefined ? undefined : parseEntry(bytes, imageBytes);
    // The modification time records when the entry was last used.
    if (decoded !== undefined) await utimes(path, new Date(), new Date()).catch(() => undefined);
    return decoded;
  }

  /**
   * Writes an entry, then removes older ones of the same source and the least recently used ones beyond the limit.
   * @returns null, or a sentence that says why the entry was not written
   */
  async write({ content, source }: CacheKey, decoded: Decoded): Promise<string | null> {
    const name = `images-${content}-${source}.bin`;
    const parts = entryParts(decoded);
    const size = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (size > Math.min(this.mostBytes, MOST_READABLE_BYTES)) return null;
    try {
      await this.evict(name, source, size);
      await writeFileAtomic(join(this.folder, name), parts);
      return null;
    } catch (error) {
      const reason = isUserError(error) ? error.message : `${this.folder} cannot be written (${systemErrorCode(error) ?? String(error)}).`;
      return `The decoded images were not cached and have to be decoded again next time: ${reason}`;
    }
  }

  /** Number and size of the entries; a missing or unreadable folder has none. */
  async usage(): Promise<{ readonly entries: number; readonly bytes: number }> {
    const entries = await this.entries();
    return { entries: entries.length, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  /**
   * Removes all entries.
   * @returns what was removed
   * @throws the error of the file system if an entry cannot be removed
   */
  async clear(): Promise<{ readonly entries: number; readonly bytes: number }> {
    const entries = await this.entries();
    for (const { name } of entries) await rm(join(this.folder, name), { force: true });
    return { entries: entries.length, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  private async evict(kept: string, source: string, added: number): Promise<void> {
    const others = (await this.entries()).filter(({ name }) => name !== kept);
    let total = added + others.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const entry of others.sort((a, b) => a.usedAt - b.usedAt)) {
      // Entries without a source come from an earlier version and are never read.
      const outdated = entry.source === source || entry.source === undefined;
      if (!outdated && total <= this.mostBytes) continue;
      // Another process may be reading or removing it.
      await rm(join(this.folder, entry.name), { force: true }).catch(() => undefined);
      total -= entry.bytes;
    }
  }

  private async entries(): Promise<{ name: string; content: string; source: string | undefined; bytes: number; usedAt: number }[]> {
    const names = await readdir(this.folder).catch(() => []);
    const found = await Promise.all(
      names.map(async (name) => {
        const [, content = "", source] = ENTRY.exec(name) ?? [];
        if (content === "") return [];
        const info = await stat(join(this.folder, name)).catch(() => null);
        return info === null ? [] : [{ name, content, source, bytes: info.size, usedAt: info.mtimeMs }];
      }),
    );
    return found.flat();
  }
}

/** Layout: magic, SHA-256 of the rest (32 bytes), length of the JSON (uint32, little-endian), JSON, pixels. */
function entryParts({ names, pixels, broken, extra }: Decoded): Uint8Array[] {
  const json = Buffer.from(JSON.stringify({ names, broken, extra }), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const digest = createHash("sha256").update(length).update(json).update(pixels).digest();
  return [Buffer.from(MAGIC, "latin1"), digest, length, json, pixels];
}

/** Undefined if the entry is damaged, from another version, or has images of a different size. */
export function parseEntry(bytes: Buffer, imageBytes: number): Decoded | undefined {
  if (bytes.length < HEADER + 4 || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  if (!createHash("sha256").update(bytes.subarray(HEADER)).digest().equals(bytes.subarray(MAGIC.length, HEADER))) return undefined;
  const end = HEADER + 4 + bytes.readUInt32LE(HEADER);
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString("utf8", HEADER + 4, end));
  } catch {
    return undefined;
  }
  if (typeof header !== "object" || header === null || !("names" in header) || !("broken" in header)) return undefined;
  const { names, broken } = header;
  if (!isStrings(names) || !isStrings(broken)) return undefined;
  const pixels = new Uint8Array(bytes.subarray(end));
  return pixels.length === names.length * imageBytes ? { names, pixels, broken, extra: "extra" in header ? header.extra : null } : undefined;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
