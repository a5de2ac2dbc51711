import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import type { LeftOut } from "../../../../src-shared/domain/left-out.ts";
import { UserError } from "../../../lib/errors.ts";
import { unreadable } from "../archives/errors.ts";
import { sourceKind } from "../archives/kind.ts";
import { readSource } from "../archives/read-source.ts";
import type { SourceEntry } from "../archives/visitor.ts";
import { decodeSquare } from "../decoding/decode-square.ts";
import type { RawDataset } from "../images/raw-dataset.ts";
import { takeImages } from "../images/split.ts";
import { holdOutTestPart } from "../images/test-part.ts";
import type { DatasetLocations, ImageSet } from "../images/types.ts";
import { type CacheKey, type Decoded, DecodedCache } from "./decoded-cache.ts";
import { layoutError } from "./layout.ts";
import { type ImagePlan, planFolder, planImages } from "./plan.ts";
import { Tally, usableNames } from "./tally.ts";
import { type FoundImage, stampOf } from "./walk.ts";

/** How the images of a folder are converted. */
export interface ImageFolderOptions {
  /** Side of the square in pixels, 4 .. 512. */
  readonly imageSize: number;
  readonly channels: 1 | 3;
  readonly skipBroken: boolean;
  readonly layout?: DatasetLayout;
}

/** All images together, as bytes in memory. */
const MAX_TOTAL_BYTES = 2 * 2 ** 30;
const DECODES_AT_ONCE = 8;
const BROKEN_NAMED = 10;
/** Part of the cache key; change it whenever the decoder changes. */
const DECODER_VERSION = 2;
/** Fixed, because a different seed would give a different dataset. */
const TEST_SEED = "image folder test part 1";

/**
 * Reads a folder or archive of labelled images into memory; see `understandLayout` for how it may be organised. Every image is rotated upright, cropped to its
 * centred square, resized and converted. The result is cached. Without a test part, a fixed stratified fifth of the training images is held out.
 *
 * @throws UserError `folder-layout`, `folder-left-out`, `image-broken` (names the files), `folder-too-large`, `dataset-option`, and those of `readSource`
 */
export async function readImageFolder(path: string, options: ImageFolderOptions, locations: DatasetLocations): Promise<RawDataset> {
  const { imageSize } = options;
  if (!Number.isInteger(imageSize) || imageSize < 4 || imageSize > 512) {
    throw new UserError(`The image size must be a whole number from 4 to 512 pixels, but it is ${String(imageSize)}.`, {
      code: "dataset-option",
      field: "imageSize",
      remedy: "Choose an image size such as 32 or 64.",
    });
  }
  return (await sourceKind(path)) === "folder" ? readFolder(path, options, locations) : readArchive(path, options, locations);
}

/** A folder is planned first, so that only images that are used are decoded. */
async function readFolder(path: string, options: ImageFolderOptions, locations: DatasetLocations): Promise<RawDataset> {
  const plan = await planFolder(path, options.layout, { ...locations, stamps: true });
  const images = [...plan.parts.train, ...plan.parts.validation, ...plan.parts.test].map(({ image }) => image).sort((a, b) => (a.path < b.path ? -1 : 1));
  const identity = images.map((image) => [image.path, image.stamp]);
  const { decoded, note } = await cached(path, identity, options, locations, async () => {
    const decoder = new FolderDecoder(path, options, locations);
    for (const { path: name } of images) {
      locations.signal?.throwIfAborted();
      const bytes = await readFile(join(path, name)).catch((error: unknown) => {
        throw unreadable(join(path, name), error);
      });
      await decoder.add({ name, bytes });
    }
    return decoder.finish(null);
  });
  return assemble(path, decoded, withoutBroken(path, plan, decoded, options.layout), options, note);
}

/** The plan for the decoded images: a class without any intact image is dropped. */
function withoutBroken(path: string, plan: ImagePlan<FoundImage>, { names, broken }: Decoded, layout: DatasetLayout | undefined): ImagePlan<FoundImage> {
  if (broken.length === 0) return plan;
  const decoded = new Set(names);
  const tally = new Tally();
  tally.merge(plan.leftOut);
  const intact = Object.values(plan.parts).flatMap((part) => part.map(({ image }) => image).filter((image) => decoded.has(image.path)));
  return planImages(path, intact, layout, tally);
}

/** An archive is decoded while it is unpacked, because its file names are not known in advance. */
async function readArchive(path: string, options: ImageFolderOptions, locations: DatasetLocations): Promise<RawDataset> {
  const info = await stat(path, { bigint: true }).catch(() => null);
  const { decoded, note } = await cached(path, info === null ? path : stampOf(info), options, locations, async () => {
    const decoder = new FolderDecoder(path, options, locations);
    const tally = new Tally();
    await readSource(path, {
      wanted: usableNames(tally),
      ...(locations.signal === undefined ? {} : { signal: locations.signal }),
      onEntry: (entry) => decoder.add(entry),
    }).finally(() => decoder.settle());
    return decoder.finish(tally.list());
  });
  const tally = new Tally();
  if (isLeftOutList(decoded.extra)) tally.merge(decoded.extra);
  const plan = planImages(
    path,
    decoded.names.map((name) => ({ path: name })),
    options.layout,
    tally,
  );
  return assemble(path, decoded, plan, options, note);
}

async function cached(
  path: string,
  identity: unknown,
  { imageSize, channels, skipBroken }: ImageFolderOptions,
  { cacheFolder }: DatasetLocations,
  decode: () => Promise<Decoded>,
): Promise<{ readonly decoded: Decoded; readonly note: string | null }> {
  if (cacheFolder === undefined) return { decoded: await decode(), note: null };
  const cache = new DecodedCache(cacheFolder);
  const settings = [DECODER_VERSION, imageSize, channels, skipBroken];
  const key: CacheKey = { content: hashOf([settings, identity]).slice(0, 32), source: hashOf([settings, path]).slice(0, 16) };
  const found = await cache.read(key, imageSize * imageSize * channels);
  if (found !== undefined) return { decoded: found, note: null };
  const decoded = await decode();
  return { decoded, note: await cache.write(key, decoded) };
}

/** Decodes images as their bytes arrive, a few at a time. */
class FolderDecoder {
  private readonly path: string;
  private readonly options: ImageFolderOptions;
  private readonly locations: DatasetLocations;
  private readonly images = new Map<string, Uint8Array>();
  private readonly broken: string[] = [];
  private readonly running = new Set<Promise<void>>();

  constructor(path: string, options: ImageFolderOptions, locations: DatasetLocations) {
    this.path = path;
    this.options = options;
    this.locations = locations;
  }

  /** Resolves when the next image may be added. @throws UserError `folder-too-large` */
  async add({ name, bytes }: SourceEntry): Promise<void> {
    const { imageSize, channels } = this.options;
    if ((this.images.size + this.running.size + 1) * imageSize * imageSize * channels > MAX_TOTAL_BYTES) {
      throw new UserError(`The images at ${this.path} would take more than 2 GiB of memory at ${String(imageSize)} pixels.`, {
        code: "folder-too-large",
        file: this.path,
        field: "imageSize",
        remedy: "Choose a smaller image size, or use fewer images.",
      });
    }
    const job = this.decode(name, bytes).finally(() => this.running.delete(job));
    this.running.add(job);
    while (this.running.size >= DECODES_AT_ONCE) await Promise.race(this.running);
  }

  async settle(): Promise<void> {
    await Promise.all(this.running);
  }

  /** @throws UserError `image-broken` unless broken images are skipped */
  async finish(extra: unknown): Promise<Decoded> {
    await this.settle();
    const { imageSize, channels, skipBroken } = this.options;
    const broken = this.broken.sort();
    if (broken.length > 0 && !skipBroken) {
      const more = broken.length > BROKEN_NAMED ? ` and ${String(broken.length - BROKEN_NAMED)} more` : "";
      throw new UserError(`${String(broken.length)} of the images at ${this.path} cannot be decoded: ${broken.slice(0, BROKEN_NAMED).join("; ")}${more}.`, {
        code: "image-broken",
        file: this.path,
        remedy: "Repair or remove these files.",
      });
    }
    const names = [...this.images.keys()].sort();
    const size = imageSize * imageSize * channels;
    const pixels = new Uint8Array(names.length * size);
    names.forEach((name, i) => {
      const image = this.images.get(name);
      if (image !== undefined) pixels.set(image, i * size);
    });
    this.locations.onProgress?.({ phase: "decode", what: this.path, done: names.length, total: names.length, unit: "images" });
    return { names, pixels, broken, extra };
  }

  private async decode(name: string, bytes: Uint8Array): Promise<void> {
    try {
      this.images.set(name, await decodeSquare(bytes, this.options.imageSize, this.options.channels));
    } catch (error) {
      const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "").trim() : String(error);
      this.broken.push(`${name} (${reason})`);
    }
    if (this.images.size % 100 === 0) this.locations.onProgress?.({ phase: "decode", what: this.path, done: this.images.size, total: null, unit: "images" });
  }
}

function assemble(path: string, decoded: Decoded, plan: ImagePlan<{ readonly path: string }>, options: ImageFolderOptions, note: string | null): RawDataset {
  const { imageSize, channels } = options;
  const { classNames, parts } = plan;
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const indexOf = new Map(decoded.names.map((name, index) => [name, index]));
  const labels = classNames.length > 256 ? new Uint16Array(decoded.names.length) : new Uint8Array(decoded.names.length);
  for (const { image, className } of [...parts.train, ...parts.validation, ...parts.test]) {
    const index = indexOf.get(image.path);
    if (index !== undefined) labels[index] = labelOf.get(className) ?? 0;
  }
  const all: ImageSet = { images: decoded.pixels, labels, count: decoded.names.length, height: imageSize, width: imageSize, channels };
  // In the order of the names.
  const indicesOf = (part: keyof typeof parts): Uint32Array => Uint32Array.from(parts[part].flatMap(({ image }) => indexOf.get(image.path) ?? [])).sort();

  const notes: string[] = [...plan.notes];
  const leftOut = new Tally();
  leftOut.merge(plan.leftOut);
  if (decoded.broken.length > 0) leftOut.merge([{ reason: "undecodable", count: decoded.broken.length, examples: decoded.broken.slice(0, BROKEN_NAMED) }]);
  const given = indicesOf("validation");
  let trainIndices = indicesOf("train");
  let testIndices = indicesOf("test");
  if (testIndices.length === 0) {
    const apart = holdOutTestPart(takeImages(all, trainIndices), TEST_SEED);
    testIndices = apart.test.map((i) => trainIndices[i] ?? 0);
    trainIndices = apart.train.map((i) => trainIndices[i] ?? 0);
    notes.push(`There is no test folder, so a fixed fifth of the training images (${String(testIndices.length)}) is held out as the test part.`);
  }
  if (trainIndices.length === 0) throw layoutError(path, "no training images are left");
  if (note !== null) notes.push(note);
  const train = takeImages(all, Uint32Array.from([...trainIndices, ...given]));
  return {
    train,
    test: takeImages(all, testIndices),
    ...(given.length === 0 ? {} : { givenValidation: Uint32Array.from(given, (_, i) => trainIndices.length + i) }),
    classNames,
    notes,
    layout: plan.summary,
    leftOut: leftOut.list(),
  };
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function isLeftOutList(value: unknown): value is LeftOut[] {
  return Array.isArray(value);
}
