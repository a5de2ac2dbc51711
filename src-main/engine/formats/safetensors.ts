/**
 * The safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length of the header, the header as JSON, then the values of all
 * tensors one after the other without gaps, little-endian. Read and written here for float32 only; no code in such a file is ever executed.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { isRecord } from "../../../src-shared/domain/is-record.ts";
import { UserError } from "../../lib/errors.ts";
import { systemErrorCode, writeFileAtomic } from "../../lib/files.ts";
import type { NamedArray } from "../backend/ops/types.ts";

/** Arrays by name with their shapes. */
type NamedArrays = ReadonlyMap<string, NamedArray>;

const LENGTH_BYTES = 8;
/** The limit of the format's reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_RANK = 32;
const BYTES_PER_VALUE = 4;
const METADATA = "__metadata__";

/**
 * Writes arrays, in the order of the map, and text by key to a safetensors file, atomically.
 *
 * @returns size and SHA-256 (hexadecimal) of the file
 * @throws Error when a name is reserved, a shape does not fit its values, or names and metadata exceed 100 MB; UserError when the file cannot be written
 */
export async function writeSafetensors(
  file: string,
  arrays: NamedArrays,
  metadata: Readonly<Record<string, string>>,
): Promise<{ bytes: number; sha256: string }> {
  const header = encodeHeader(arrays, metadata);
  const hash = createHash("sha256");
  let bytes = 0;
  const chunks = function* (): Generator<Uint8Array> {
    for (const chunk of [header, ...[...arrays.values()].map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength))]) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      yield chunk;
    }
  };
  await writeFileAtomic(file, chunks());
  return { bytes, sha256: hash.digest("hex") };
}

/**
 * Reads a whole safetensors file. Everything in it is checked before it is used: length of the header, names, types, shapes and that the tensors fill the
 * file exactly, without gaps or overlaps. Memory is bounded by the size of the file.
 *
 * @returns tensors in the order of their values in the file, and the text stored with them
 * @throws UserError `file-missing`, `safetensors-damaged` or `safetensors-unsupported` (other types than F32)
 */
export async function readSafetensors(file: string): Promise<{ tensors: NamedArrays; metadata: Record<string, string> }> {
  const handle = await open(file, "r").catch((error: unknown) => {
    throw cannotOpen(file, error);
  });
  try {
    const status = await handle.stat();
    if (!status.isFile()) throw damaged(file, "it is not a file");
    const { size } = status;
    const headerBytes = await readHeaderLength(handle, file, size);
    const { metadata, entries } = parseHeader(await readExactly(handle, file, headerBytes, LENGTH_BYTES), file);
    const start = LENGTH_BYTES + headerBytes;
    checkLayout(entries, size - start, file);
    const tensors = new Map<string, NamedArray>();
    for (const { name, shape, begin, end } of entries) {
      const values = new Float32Array((end - begin) / BYTES_PER_VALUE);
      await readInto(handle, file, new Uint8Array(values.buffer), start + begin);
      tensors.set(name, { shape, values });
    }
    return { tensors, metadata };
  } finally {
    await handle.close();
  }
}

function encodeHeader(arrays: NamedArrays, metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [[METADATA, metadata]];
  let offset = 0;
  for (const [name, { shape, values }] of arrays) {
    if (name === METADATA) throw new Error(`A tensor cannot be called ${METADATA}.`);
    if (elements(shape) !== values.length) throw new Error(`The tensor ${name} of shape [${shape.join(", ")}] has ${values.length} values.`);
    entries.push([name, { dtype: "F32", shape, data_offsets: [offset, offset + values.byteLength] }]);
    offset += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)), "utf8");
  // Spaces after the JSON align the values to a multiple of eight, so that other programs can map the file into memory.
  const length = Math.ceil(json.byteLength / 8) * 8;
  if (length > MAX_HEADER_BYTES) throw new Error(`The header of a safetensors file may have at most ${MAX_HEADER_BYTES} bytes, not ${length}.`);
  const header = Buffer.alloc(LENGTH_BYTES + length, " ");
  header.writeBigUInt64LE(BigInt(length));
  json.copy(header, LENGTH_BYTES);
  return header;
}

interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** Bytes, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

async function readHeaderLength(handle: FileHandle, file: string, size: number): Promise<number> {
  if (size < LENGTH_BYTES) throw damaged(file, "it is too short to be a safetensors file");
  const length = (await readExactly(handle, file, LENGTH_BYTES, 0)).readBigUInt64LE();
  if (length > BigInt(MAX_HEADER_BYTES)) throw damaged(file, "its header is too long to be that of a safetensors file");
  if (length > BigInt(size - LENGTH_BYTES)) throw damaged(file, "it ends within its header");
  return Number(length);
}

function parseHeader(bytes: Buffer, file: string): { metadata: Record<string, string>; entries: Entry[] } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged(file, "its header is not JSON", cause);
  }
  if (!isRecord(header)) throw damaged(file, "its header is not a list of tensors");
  const metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) {
      if (!isRecord(value)) throw damaged(file, "its metadata is not a map of strings");
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== "string") throw damaged(file, "its metadata is not a map of strings");
        // Defined instead of assigned, so that a key such as __proto__ remains a key.
        Object.defineProperty(metadata, key, { value: text, enumerable: true, writable: true, configurable: true });
      }
    } else entries.push(parseEntry(name, value, file));
  }
  return { metadata, entries: entries.sort((a, b) => a.begin - b.begin || a.end - b.end) };
}

function parseEntry(name: string, value: unknown, file: string): Entry {
  const tensor = `the entry of its tensor “${name.slice(0, 200)}”`;
  if (!isRecord(value)) throw damaged(file, `${tensor} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string") throw damaged(file, `${tensor} has no type`);
  if (dtype !== "F32") {
    throw new UserError(`The tensor “${name.slice(0, 200)}” in ${file} is of type ${dtype.slice(0, 20)}; only 32-bit floats (F32) can be read.`, {
      code: "safetensors-unsupported",
      remedy: "Convert the tensors to 32-bit floats, and try again.",
      file,
    });
  }
  if (!isSizes(shape) || shape.length > MAX_RANK) throw damaged(file, `${tensor} has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw damaged(file, `${tensor} has no valid position`);
  const [begin = 0, end = 0] = offsets;
  if (end - begin !== elements(shape) * BYTES_PER_VALUE) throw damaged(file, `${tensor} has a shape that does not match its size`);
  return { name, shape, begin, end };
}

/** Tensors, sorted by position, must fill the values' part of the file exactly. */
function checkLayout(entries: readonly Entry[], available: number, file: string): void {
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin < position) throw damaged(file, `the values of its tensor “${name.slice(0, 200)}” overlap those of another`);
    if (begin > position) throw damaged(file, `there is a gap before the values of its tensor “${name.slice(0, 200)}”`);
    position = end;
  }
  if (position > available) throw damaged(file, `it is cut off: ${position - available} bytes of its tensors are missing`);
  if (position < available) throw damaged(file, `${available - position} bytes follow its last tensor`);
}

async function readExactly(handle: FileHandle, file: string, length: number, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  await readInto(handle, file, buffer, position);
  return buffer;
}

async function readInto(handle: FileHandle, file: string, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.byteLength; ) {
    const { bytesRead } = await handle.read(target, done, target.byteLength - done, position + done);
    if (bytesRead === 0) throw damaged(file, "it became shorter while it was read");
    done += bytesRead;
  }
}

/** Number of elements; inexact beyond 2^53, but no file is that large. */
function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function damaged(file: string, what: string, cause?: unknown): UserError {
  return new UserError(`The file ${file} is damaged or not a safetensors file: ${what}.`, {
    code: "safetensors-damaged",
    remedy: "Use another copy of the file, or write it again.",
    file,
    ...(cause === undefined ? {} : { cause }),
  });
}

function cannotOpen(file: string, cause: unknown): unknown {
  const code = systemErrorCode(cause);
  if (code === undefined) return cause;
  const missing = code === "ENOENT";
  return new UserError(missing ? `The file ${file} does not exist.` : `The file ${file} cannot be opened (${code}).`, {
    code: missing ? "file-missing" : "file-unreadable",
    remedy: missing ? "Check whether it was moved or deleted." : "Check that it is a file and that you have permission to read it.",
    file,
    cause,
  });
}
