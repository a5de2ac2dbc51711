import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { UserError } from "../../lib/errors.ts";
import { CATALOG, IDX_FILES } from "./images/catalog.ts";
import { type PreviewImage, previewImages } from "./images/preview.ts";
import { classHistogram } from "./images/split.ts";
import { channelStatistics, datasetFingerprint } from "./images/statistics.ts";
import {
  type Attribution,
  type Completeness,
  DATASET_IDS,
  type DatasetId,
  type DatasetLocations,
  type DatasetRef,
  type LoadedDataset,
} from "./images/types.ts";
import { cifarFiles, parseCifar } from "./readers/cifar.ts";
import { DIGITS_FILE, parseDigits } from "./readers/digits.ts";
import { idxNames, parseIdxDataset } from "./readers/idx.ts";
import { readImageFolder } from "./readers/image-folder.ts";
import type { RawDataset } from "./readers/raw-dataset.ts";
import { readSource, type SourceKind, sourceKind } from "./readers/sources.ts";
import { type ImageIndex, indexImages } from "./streaming/image-index.ts";
import { STREAMED_SIDE } from "./streaming/limits.ts";
import { previewStreamed, STREAMED_STATISTICS } from "./streaming/streamed.ts";

/** Everything about a dataset that a window shows. */
export interface DatasetDescription {
  readonly id: DatasetId;
  readonly name: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly givenValidationCount: number;
  /** Height, width, channels. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** Training images per class, in the order of `classNames`. */
  readonly trainHistogram: readonly number[];
  readonly testHistogram: readonly number[];
  /** Bytes in memory, pixels and labels of both parts; of a streamed dataset the bytes of its files. */
  readonly bytes: number;
  /** There and true where the images stay on disk. */
  readonly streamed?: true;
  readonly foundAt: string;
  readonly fingerprint: string;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly attribution: Attribution;
  readonly completeness: Completeness | null;
  readonly notes: readonly string[];
}

/**
 * Opens a dataset. Looked for in this order: the explicit path (folder or archive), the data folder `dataRoot/<id>`, the bundled data.
 * Nothing is written, except the cache of decoded image folders.
 *
 * @throws UserError `dataset-unknown`, `dataset-missing` (says how to get it), `dataset-incomplete`, `dataset-damaged`, `archive-*`,
 * `folder-*`, `image-broken`, `file-unreadable`; the signal's reason when aborted
 */
export async function openDataset(ref: DatasetRef, locations: DatasetLocations): Promise<LoadedDataset> {
  checkRef(ref);
  const catalog = CATALOG[ref.id];
  const foundAt = await locate(ref, locations);
  locations.onProgress?.({ phase: "read", what: foundAt, done: 0, total: null, unit: "bytes" });
  const raw = await readDataset(ref, foundAt, locations);
  const { mean, std } = channelStatistics(raw.train);
  return {
    id: ref.id,
    name: ref.id === "folder" ? (ref.name ?? basename(foundAt)) : catalog.name,
    ...raw,
    mean,
    std,
    fingerprint: datasetFingerprint(raw.train, raw.test, raw.classNames, raw.givenValidation),
    attribution: catalog.attribution,
    foundAt,
  };
}

/**
 * Lists the images of a folder that is streamed; none is decoded.
 *
 * @throws UserError as {@link openDataset} and {@link indexImages}
 */
export async function openIndex(ref: DatasetRef, locations: DatasetLocations): Promise<ImageIndex> {
  checkRef(ref);
  if (ref.id !== "folder")
    throw new UserError(`${CATALOG[ref.id].name} is read into memory as a whole and cannot be streamed.`, {
      code: "dataset-option",
      field: "dataset.streamed",
      remedy: "Switch streaming off, or choose an image folder.",
    });
  return indexImages(await locate(ref, locations), locations);
}

/** Opens a dataset, or lists one that is streamed, and sums it up; errors as {@link openDataset}. */
export async function describeDataset(ref: DatasetRef, locations: DatasetLocations): Promise<DatasetDescription> {
  return ref.streamed === true ? describeIndex(ref, await openIndex(ref, locations)) : describeLoaded(await openDataset(ref, locations));
}

/** A few training images of every class; errors as {@link openDataset}. */
export async function previewDataset(ref: DatasetRef, perClass: number, locations: DatasetLocations): Promise<PreviewImage[]> {
  return ref.streamed === true ? previewStreamed(await openIndex(ref, locations), perClass) : previewImages(await openDataset(ref, locations), perClass);
}

/** Sums up a list of images on disk. */
export function describeIndex(ref: DatasetRef, index: ImageIndex): DatasetDescription {
  const { train, test, classNames } = index;
  const side = ref.imageSize ?? STREAMED_SIDE;
  return {
    id: ref.id,
    name: ref.name ?? basename(index.root),
    trainCount: train.count,
    testCount: test.count,
    givenValidationCount: index.givenValidation?.length ?? 0,
    shape: [side, side, 3],
    classNames,
    trainHistogram: classHistogram(train, classNames.length),
    testHistogram: classHistogram(test, classNames.length),
    bytes: index.bytes,
    streamed: true,
    foundAt: index.root,
    fingerprint: index.fingerprint,
    ...STREAMED_STATISTICS,
    attribution: CATALOG[ref.id].attribution,
    completeness: null,
    notes: index.notes,
  };
}

/** Sums up a dataset that is open already. */
export function describeLoaded(dataset: LoadedDataset): DatasetDescription {
  const { train, test, classNames } = dataset;
  return {
    id: dataset.id,
    name: dataset.name,
    trainCount: train.count,
    testCount: test.count,
    givenValidationCount: dataset.givenValidation?.length ?? 0,
    shape: [train.height, train.width, train.channels],
    classNames,
    trainHistogram: classHistogram(train, classNames.length),
    testHistogram: classHistogram(test, classNames.length),
    bytes: train.images.byteLength + train.labels.byteLength + test.images.byteLength + test.labels.byteLength,
    foundAt: dataset.foundAt,
    fingerprint: dataset.fingerprint,
    mean: dataset.mean,
    std: dataset.std,
    attribution: dataset.attribution,
    completeness: dataset.completeness ?? null,
    notes: dataset.notes,
  };
}

/** One line of the list of datasets. */
export interface DatasetListing {
  readonly id: DatasetId;
  readonly name: string;
  /** Imported image folders have a name of their own; absent otherwise. */
  readonly folderName?: string;
  /** Where it is, without checking what is inside; null when it has to be fetched. */
  readonly foundAt: string | null;
  /** Bytes to download; 0 when it cannot be downloaded. */
  readonly downloadBytes: number;
  readonly attribution: Attribution;
}

/** The known datasets and imported image folders, with where they lie; opens none of them. */
export async function listDatasets(locations: DatasetLocations): Promise<DatasetListing[]> {
  const listings: DatasetListing[] = [];
  for (const id of DATASET_IDS) {
    const { name, attribution, files } = CATALOG[id];
    if (id === "folder") {
      const names = await readdir(join(locations.dataRoot, "folder"), { withFileTypes: true }).catch(() => []);
      for (const entry of names.filter((child) => child.isDirectory() && isFolderName(child.name))) {
        listings.push({ id, name: entry.name, folderName: entry.name, foundAt: join(locations.dataRoot, "folder", entry.name), downloadBytes: 0, attribution });
      }
      continue;
    }
    const foundAt = await locate({ id }, locations).catch(() => null);
    listings.push({ id, name, foundAt, downloadBytes: files.reduce((sum, file) => sum + file.bytes, 0), attribution });
  }
  return listings;
}

/** Reads a dataset from one place, without statistics. Also the check before an import. */
export async function readDataset(ref: DatasetRef, foundAt: string, locations: DatasetLocations): Promise<RawDataset> {
  const { id } = ref;
  if (id === "folder") {
    return readImageFolder(foundAt, { imageSize: ref.imageSize ?? 32, channels: ref.channels ?? 3, skipBroken: ref.skipBroken ?? false }, locations);
  }
  return parseOfficial(id, await officialFiles(id, foundAt, locations), foundAt);
}

/** Parses the official files of a dataset; errors as {@link openDataset}. */
export function parseOfficial(id: Exclude<DatasetId, "folder">, files: ReadonlyMap<string, Uint8Array>, foundAt: string): RawDataset {
  if (id === "cifar10" || id === "cifar100") return parseCifar(id, files, foundAt);
  if (id === "digits") {
    const bytes = files.get(DIGITS_FILE) ?? files.get("digits.csv");
    if (bytes === undefined) throw missing({ id }, `there is no ${DIGITS_FILE} at ${foundAt}`);
    return parseDigits(bytes, foundAt);
  }
  return parseIdxDataset(id, files, foundAt);
}

/** The names that the reader of a dataset asks for. */
export function officialNames(id: Exclude<DatasetId, "folder">): readonly string[] {
  if (id === "cifar10" || id === "cifar100") return cifarFiles(id);
  if (id === "digits") return [DIGITS_FILE, "digits.csv"];
  return Object.values(IDX_FILES).flatMap(idxNames);
}

/** The official files at a place, by base name; where a name occurs twice the one nearest to the top counts. */
export async function officialFiles(
  id: Exclude<DatasetId, "folder">,
  foundAt: string,
  { signal, onProgress }: DatasetLocations,
): Promise<Map<string, Uint8Array>> {
  const names = new Set(officialNames(id));
  if ((await sourceKind(foundAt)) === "file" && id === "digits")
    return new Map([[basename(foundAt).endsWith(".gz") ? DIGITS_FILE : "digits.csv", await readFile(foundAt)]]);
  const depthOf = new Map<string, number>();
  const files = new Map<string, Uint8Array>();
  await readSource(foundAt, {
    // An image dataset that the user keeps nearby is not walked through for its contents: two folders down is enough.
    wanted: (name) => names.has(basename(name)) && name.split("/").length <= 3,
    onEntry: ({ name, bytes }) => {
      const base = basename(name);
      const depth = name.split("/").length;
      if ((depthOf.get(base) ?? Infinity) <= depth) return;
      depthOf.set(base, depth);
      files.set(base, bytes);
    },
    ...(signal === undefined ? {} : { signal }),
    onBytes: (done, total) => onProgress?.({ phase: "read", what: foundAt, done, total, unit: "bytes" }),
  });
  return files;
}

/** Refuses references that no dataset can have; they may come from a file. */
export function checkRef(ref: DatasetRef): void {
  if (!DATASET_IDS.includes(ref.id)) {
    throw new UserError(`There is no dataset called "${String(ref.id)}".`, {
      code: "dataset-unknown",
      field: "id",
      remedy: `Choose one of ${DATASET_IDS.join(", ")}.`,
    });
  }
  if (ref.name !== undefined && !isFolderName(ref.name)) throw badName(ref.name);
}

/** Names under which an image folder may be imported: 1 to 64 letters, digits, `_`, `-`, `.`, none of the last three first. */
export function isFolderName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,63}$/.test(name);
}

export function badName(name: string): UserError {
  return new UserError(`"${name.slice(0, 80)}" cannot be the name of an image folder.`, {
    code: "dataset-option",
    field: "name",
    remedy: "Use 1 to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit.",
  });
}

async function locate(ref: DatasetRef, locations: DatasetLocations): Promise<string> {
  if (ref.path !== undefined) {
    const kind: SourceKind | null = await sourceKind(ref.path);
    if (kind === null) throw missing(ref, `there is nothing at ${ref.path}`);
    return ref.path;
  }
  if (ref.id === "folder") {
    if (ref.name === undefined) {
      throw new UserError("An image folder needs a path, or the name that it was imported under.", {
        code: "dataset-option",
        field: "path",
        remedy: "Choose a folder with one subfolder a class.",
      });
    }
    const folder = join(locations.dataRoot, "folder", ref.name);
    if ((await sourceKind(folder)) !== "folder") throw missing(ref, `no image folder was imported as "${ref.name}"`);
    return folder;
  }
  const folder = join(locations.dataRoot, ref.id);
  if ((await sourceKind(folder)) === "folder") {
    const found = await firstSourceIn(folder, ref.id);
    if (found !== undefined) return found;
  }
  if (ref.id === "digits") {
    const bundled = join(locations.bundledRoot ?? findBundledRoot(), DIGITS_FILE);
    if ((await sourceKind(bundled)) === "file") return bundled;
  }
  throw missing(ref, `it is neither in the data folder (${folder}) nor bundled`);
}

/** The folder itself when it holds an official file, otherwise an archive that was put there. */
async function firstSourceIn(folder: string, id: Exclude<DatasetId, "folder">): Promise<string | undefined> {
  const names = new Set(officialNames(id));
  const children = await readdir(folder, { withFileTypes: true });
  for (const child of children) {
    if (child.isFile() && names.has(child.name)) return folder;
    if (child.isDirectory() && (await readdir(join(folder, child.name)).catch(() => [])).some((name) => names.has(name))) return folder;
  }
  for (const name of children.map((child) => child.name).sort()) {
    if (/\.(tar|tgz|tar\.gz|zip)$/i.test(name) && ["tar", "tar.gz", "zip"].includes((await sourceKind(join(folder, name))) ?? "")) return join(folder, name);
  }
  return undefined;
}

/** The nearest `resources/data` (in a source tree) or `data` (beside a packaged program) above this file. */
function findBundledRoot(): string {
  let folder = import.meta.dirname;
  for (;;) {
    for (const candidate of [join(folder, "resources", "data"), join(folder, "data")]) {
      if (existsSync(join(candidate, DIGITS_FILE))) return candidate;
    }
    const parent = dirname(folder);
    if (parent === folder) return join(import.meta.dirname, "data");
    folder = parent;
  }
}

function missing(ref: DatasetRef, why: string): UserError {
  const { name, files } = CATALOG[ref.id];
  return new UserError(`${name} was not found: ${why}.`, {
    code: "dataset-missing",
    ...(ref.path === undefined ? {} : { file: ref.path }),
    remedy:
      files.length > 0
        ? `Run "ghn-studio data download ${ref.id}", or give the path of a folder or archive that holds it.`
        : "Give the path of a folder or archive that holds it.",
  });
}
