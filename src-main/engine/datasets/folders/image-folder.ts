import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import sharp from "sharp";

import { UserError } from "../../../lib/errors.ts";
import { writeFileAtomic } from "../../../lib/files.ts";
import { Gate } from "../archives/gate.ts";
import { sourceKind } from "../archives/kind.ts";
import { listFolder } from "../archives/read-folder.ts";
import { readSource } from "../archives/read-source.ts";
import type { RawDataset } from "../images/raw-dataset.ts";
import { takeImages } from "../images/split.ts";
import { setTestApart } from "../images/test-part.ts";
import type { DatasetLocations, ImageSet } from "../images/types.ts";

/** What a folder of images is turned into. */
export interface ImageFolderOptions {
  /** Side of the square in pixels, 4 .. 512. */
  readonly imageSize: number;
  readonly channels: 1 | 3;
  readonly skipBroken: boolean;
}

const EXTENSIONS = /\.(png|jpe?g|webp|gif|tiff?|avif)$/i;
const FORMATS = new Set(["png", "jpeg", "webp", "gif", "tiff", "heif", "avif"]);
/** One picture may not unpack to more pixels than this. */
const MAX_SOURCE_PIXELS = 64 * 2 ** 20;
/** All images together, as bytes in memory. */
const MAX_TOTAL_BYTES = 2 * 2 ** 30;
const DECODES_AT_ONCE = 8;
const BROKEN_NAMED = 10;
const CACHE_VERSION = 1;
const TEST_SEED = "image folder test part 1";

type Part = "train" | "test" | "validation";
const PARTS: Readonly<Record<string, Part>> = {
  train: "train",
  training: "train",
  test: "test",
  testing: "test",
  val: "validation",
  valid: "validation",
  validation: "validation",
};

/** True for the names of files that a reader of image folders decodes. */
export function isImageName(name: string): boolean {
  return EXTENSIONS.test(name);
}

/**
 * Reads a folder or archive with one subfolder a class, optionally below `train/`, `test/` and `val/`. Every image is turned
 * upright, cut to its centred square, resized and converted; the result is kept in a cache file below the data folder, so that
 * the next time takes one read. Without `test/`, a fixed stratified fifth of the training images is set apart.
 *
 * @throws UserError `folder-layout`, `image-broken` (names the files), `folder-too-large`, and those of `readSource`
 */
export async function readImageFolder(path: string, options: ImageFolderOptions, locations: DatasetLocations): Promise<RawDataset> {
  const { imageSize, channels, skipBroken } = options;
  if (!Number.isInteger(imageSize) || imageSize < 4 || imageSize > 512) {
    throw new UserError(`The image size must be a whole number from 4 to 512 pixels, but it is ${String(imageSize)}.`, {
      code: "dataset-option",
      field: "imageSize",
      remedy: "Choose an image size such as 32 or 64.",
    });
  }
  const signature = await sourceSignature(path, isImageName);
  const key = createHash("sha256")
    .update(JSON.stringify([CACHE_VERSION, signature, imageSize, channels, skipBroken]))
    .digest("hex")
    .slice(0, 32);
  const cachePath = join(locations.dataRoot, "cache", `images-${key}.bin`);
  const cached = await readCache(cachePath, imageSize, channels);
  const decoded = cached ?? (await decodeAll(path, options, locations));
  const dataset = assemble(decoded, path, imageSize, channels);
  if (cached === undefined) await writeCache(cachePath, decoded);
  return dataset;
}

/** SHA-256 over names, sizes and modification times of the images of a folder, or of the archive itself. */
async function sourceSignature(path: string, wanted: (name: string) => boolean): Promise<string> {
  const hash = createHash("sha256");
  const add = async (name: string, file: string): Promise<void> => {
    const { size, mtimeMs } = await stat(file);
    hash.update(JSON.stringify([name, size, mtimeMs]));
  };
  if ((await sourceKind(path)) === "folder") for (const name of await listFolder(path, { wanted }, new Gate(path))) await add(name, join(path, name));
  else await add(path, path);
  return hash.digest("hex");
}

interface Decoded {
  /** Sorted names of the images. */
  readonly names: readonly string[];
  /** As many images, one after the other. */
  readonly pixels: Uint8Array;
  readonly broken: readonly string[];
}

async function decodeAll(path: string, { imageSize, channels, skipBroken }: ImageFolderOptions, { onProgress, signal }: DatasetLocations): Promise<Decoded> {
  const size = imageSize * imageSize * channels;
  const images = new Map<string, Uint8Array>();
  const broken: string[] = [];
  const running = new Set<Promise<void>>();
  const decode = async (name: string, bytes: Uint8Array): Promise<void> => {
    try {
      images.set(name, await decodeImage(bytes, imageSize, channels));
    } catch (error) {
      const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "").trim() : String(error);
      broken.push(`${name} (${reason})`);
    }
    if (images.size % 100 === 0) onProgress?.({ phase: "decode", what: path, done: images.size, total: null, unit: "images" });
  };
  await readSource(path, {
    wanted: isImageName,
    ...(signal === undefined ? {} : { signal }),
    onEntry: async ({ name, bytes }) => {
      if ((images.size + running.size + 1) * size > MAX_TOTAL_BYTES) {
        throw new UserError(`The images at ${path} would take more than 2 GiB of memory at ${String(imageSize)} pixels.`, {
          code: "folder-too-large",
          file: path,
          field: "imageSize",
          remedy: "Choose a smaller image size, or fewer images.",
        });
      }
      const job = decode(name, bytes).finally(() => running.delete(job));
      running.add(job);
      while (running.size >= DECODES_AT_ONCE) await Promise.race(running);
    },
  }).finally(() => Promise.all(running));
  broken.sort();
  if (broken.length > 0 && !skipBroken) {
    const more = broken.length > BROKEN_NAMED ? ` and ${String(broken.length - BROKEN_NAMED)} more` : "";
    throw new UserError(`${String(broken.length)} of the images at ${path} cannot be decoded: ${broken.slice(0, BROKEN_NAMED).join("; ")}${more}.`, {
      code: "image-broken",
      file: path,
      remedy: "Repair or remove these files, or choose to leave broken images out.",
    });
  }
  const names = [...images.keys()].sort();
  const pixels = new Uint8Array(names.length * size);
  names.forEach((name, i) => {
    const image = images.get(name);
    if (image !== undefined) pixels.set(image, i * size);
  });
  onProgress?.({ phase: "decode", what: path, done: names.length, total: names.length, unit: "images" });
  return { names, pixels, broken };
}

async function decodeImage(bytes: Uint8Array, imageSize: number, channels: 1 | 3): Promise<Uint8Array> {
  const options = { limitInputPixels: MAX_SOURCE_PIXELS, failOn: "error" as const, pages: 1 };
  const { format } = await sharp(bytes, options).metadata();
  if (!FORMATS.has(format)) throw new Error(`a file of type ${format} with the name of an image`);
  const upright = sharp(bytes, options).rotate().flatten({ background: "#000" }).resize(imageSize, imageSize, { fit: "cover", position: "centre" });
  const { data, info } = await upright
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.width !== imageSize || info.height !== imageSize) throw new Error("resizing failed");
  if (info.channels === channels) return data;
  const pixels = imageSize * imageSize;
  const out = new Uint8Array(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) out[i * channels + c] = data[i * info.channels + (info.channels >= channels ? c : 0)] ?? 0;
  }
  return out;
}

function assemble(decoded: Decoded, path: string, imageSize: number, channels: 1 | 3): RawDataset {
  const layoutError = (why: string): UserError =>
    new UserError(`The folder ${path} cannot be used as a dataset: ${why}.`, {
      code: "folder-layout",
      file: path,
      remedy: "Give every class a folder of its own, either directly or below train/, test/ and val/.",
    });
  if (decoded.names.length === 0) throw layoutError("it holds no image (png, jpg, webp, gif, tif or avif)");
  const paths = stripCommonFolders(decoded.names.map((name) => name.split("/")));
  const tops = new Set(paths.filter((parts) => parts.length > 1).map((parts) => (parts[0] ?? "").toLowerCase()));
  const divided = [...tops].some((top) => PARTS[top] === "train");
  if (divided && ![...tops].every((top) => top in PARTS)) {
    throw layoutError(
      `beside train/ it holds the folders ${[...tops]
        .filter((top) => !(top in PARTS))
        .slice(0, 5)
        .join(", ")}`,
    );
  }
  const members: Record<Part, { index: number; className: string }[]> = { train: [], test: [], validation: [] };
  let outside = 0;
  paths.forEach((parts, index) => {
    const [first = "", second = ""] = parts;
    if (parts.length < (divided ? 3 : 2)) outside++;
    else if (divided) members[PARTS[first.toLowerCase()] ?? "train"].push({ index, className: second });
    else members.train.push({ index, className: first });
  });
  const classNames = [...new Set(members.train.map((member) => member.className))].sort();
  if (classNames.length < 2) throw layoutError(`it holds ${String(classNames.length)} class folder(s) with images, and at least 2 are needed`);
  if (classNames.length > 65_536) throw layoutError("it holds more than 65,536 classes");
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  for (const member of [...members.test, ...members.validation]) {
    if (!labelOf.has(member.className)) throw layoutError(`the class "${member.className}" has no training image`);
  }
  const labels = classNames.length > 256 ? new Uint16Array(paths.length) : new Uint8Array(paths.length);
  for (const member of [...members.train, ...members.test, ...members.validation]) labels[member.index] = labelOf.get(member.className) ?? 0;
  const all: ImageSet = { images: decoded.pixels, labels, count: paths.length, height: imageSize, width: imageSize, channels };

  const notes: string[] = [];
  if (decoded.broken.length > 0)
    notes.push(`${String(decoded.broken.length)} broken image(s) were left out: ${decoded.broken.slice(0, BROKEN_NAMED).join("; ")}.`);
  if (outside > 0) notes.push(`${String(outside)} image(s) lie in no class folder and were left out.`);
  const indicesOf = (part: Part): Uint32Array => Uint32Array.from(members[part], (member) => member.index);
  const given = indicesOf("validation");
  let trainIndices = indicesOf("train");
  let testIndices = indicesOf("test");
  if (testIndices.length === 0) {
    const apart = setTestApart(takeImages({ ...all }, trainIndices), TEST_SEED);
    testIndices = apart.test.map((i) => trainIndices[i] ?? 0);
    trainIndices = apart.train.map((i) => trainIndices[i] ?? 0);
    notes.push(`There is no test folder, so a fixed fifth (${String(testIndices.length)} images) was set apart as test part.`);
  }
  if (trainIndices.length === 0) throw layoutError("no training image is left");
  const train = takeImages(all, Uint32Array.from([...trainIndices, ...given]));
  return {
    train,
    test: takeImages(all, testIndices),
    ...(given.length === 0 ? {} : { givenValidation: Uint32Array.from(given, (_, i) => trainIndices.length + i) }),
    classNames,
    notes,
  };
}

/** Takes away folders that everything lies in, as archives have them, as long as a class folder remains. */
function stripCommonFolders(paths: string[][]): string[][] {
  let rest = paths;
  for (;;) {
    const first = rest[0]?.[0];
    if (first === undefined || !rest.every((parts) => parts.length >= 3 && parts[0] === first)) return rest;
    rest = rest.map((parts) => parts.slice(1));
  }
}

const CACHE_MAGIC = "GHNIMG1\n";

/** Layout: magic, SHA-256 of the rest (32 bytes), length of the JSON (uint32, little end first), JSON, pixels. */
async function writeCache(path: string, { names, pixels, broken }: Decoded): Promise<void> {
  const json = Buffer.from(JSON.stringify({ names, broken }), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const digest = createHash("sha256").update(length).update(json).update(pixels).digest();
  await writeFileAtomic(path, [Buffer.from(CACHE_MAGIC, "latin1"), digest, length, json, pixels]);
}

/** A cache that is missing, damaged or of another size counts as none. */
async function readCache(path: string, imageSize: number, channels: number): Promise<Decoded | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  const start = CACHE_MAGIC.length + 32;
  if (bytes === undefined || bytes.length < start + 4 || bytes.toString("latin1", 0, CACHE_MAGIC.length) !== CACHE_MAGIC) return undefined;
  if (!createHash("sha256").update(bytes.subarray(start)).digest().equals(bytes.subarray(CACHE_MAGIC.length, start))) return undefined;
  const jsonEnd = start + 4 + bytes.readUInt32LE(start);
  const header: unknown = JSON.parse(bytes.toString("utf8", start + 4, jsonEnd));
  if (typeof header !== "object" || header === null || !("names" in header) || !("broken" in header)) return undefined;
  const { names, broken } = header;
  if (!isStrings(names) || !isStrings(broken)) return undefined;
  const pixels = new Uint8Array(bytes.subarray(jsonEnd));
  return pixels.length === names.length * imageSize * imageSize * channels ? { names, pixels, broken } : undefined;
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
