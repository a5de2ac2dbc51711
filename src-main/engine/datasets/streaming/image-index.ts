import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { sourceKind } from "../archives/kind.ts";
import { isImageName } from "../folders/image-folder.ts";
import { setTestApart } from "../images/test-part.ts";
import type { DatasetLocations } from "../images/types.ts";

/** Images of one part of a dataset, by name; their pixels stay on disk. */
export interface ImageList {
  /** Relative to the folder, with `/` between the parts. */
  readonly paths: readonly string[];
  /** A class index for each path. */
  readonly labels: Uint8Array | Uint16Array;
  readonly count: number;
}

/** What a folder of images holds, without having decoded any. */
export interface ImageIndex {
  /** The folder that the paths are relative to. */
  readonly root: string;
  readonly train: ImageList;
  readonly test: ImageList;
  /** Indices into `train` that the folder itself names as validation part: `val/`, where there is a `test/` besides. */
  readonly givenValidation?: Uint32Array;
  readonly classNames: readonly string[];
  /** SHA-256 over the names and sizes of the files, in hex. Their content and dates are left out: a copy is the same dataset. */
  readonly fingerprint: string;
  /** Bytes of all files on disk. */
  readonly bytes: number;
  readonly notes: readonly string[];
}

const PARTS: Readonly<Record<string, "train" | "validation" | "test">> = {
  train: "train",
  training: "train",
  val: "validation",
  valid: "validation",
  validation: "validation",
  test: "test",
  testing: "test",
};
/** The folders of the release lie four deep: ILSVRC/Data/CLS-LOC/train. */
const MAX_DEPTH = 8;
/** Files whose size is asked for at once. */
const STATS_AT_ONCE = 64;
/** Never changes: another seed would make another dataset. */
const TEST_SEED = "streamed images test part 1";

interface FoundImage {
  readonly path: string;
  readonly bytes: number;
  readonly className: string;
}

/**
 * Lists a folder of images with one subfolder a class, directly or below `train/`, `val/` and `test/`. Nothing is decoded.
 *
 * - With `train/` and `val/` but no `test/` with class folders, as ImageNet has it, `val/` is the test part: it is measured once, at the end.
 *   Validation images that rank and choose are held back from `train/`.
 * - With all three, `val/` is the validation part and `test/` the test part.
 * - Without any of them, a fixed stratified fifth is set apart as test part.
 *
 * @throws UserError `folder-layout`, `not-a-folder`; the signal's reason when aborted
 */
export async function indexImages(path: string, locations: Pick<DatasetLocations, "onProgress" | "signal"> = {}): Promise<ImageIndex> {
  if ((await sourceKind(path)) !== "folder")
    throw new UserError(`Images can be streamed from a folder only, and ${path} is none.`, {
      code: "not-a-folder",
      file: path,
      field: "dataset.path",
      remedy: "Unpack the archive and give the folder that holds train/ and val/, or one subfolder for each class.",
    });
  const { root, folders } = await findRoot(path);
  const divided = folders.some((name) => PARTS[name.toLowerCase()] === "train");
  const foreign = folders.filter((name) => !(name.toLowerCase() in PARTS));
  if (divided && foreign.length > 0) throw layoutError(path, `beside train/ it holds the folders ${foreign.slice(0, 5).join(", ")}`);
  const walk = new Walk(root, locations);
  const found: Record<"train" | "validation" | "test", FoundImage[]> = { train: [], validation: [], test: [] };
  const notes: string[] = [];
  if (divided) {
    for (const name of folders) {
      const part = PARTS[name.toLowerCase()] ?? "train";
      const { images, loose } = await walk.classesOf(name);
      if (images.length === 0 && loose > 0 && part !== "test")
        throw layoutError(path, `the ${loose.toLocaleString("en")} images in ${name}/ lie in no class folder, so that nobody knows what they show`);
      if (loose > 0) notes.push(`${loose.toLocaleString("en")} image(s) in ${name}/ lie in no class folder and are left out.`);
      // Not as arguments of one call: ImageNet has more images than a call may have arguments.
      found[part] = found[part].concat(images);
    }
  } else {
    const { images, loose } = await walk.classesOf("");
    if (loose > 0) notes.push(`${loose.toLocaleString("en")} image(s) lie in no class folder and are left out.`);
    found.train = images;
  }
  return assemble(path, root, found, notes);
}

/** Goes down through folders that hold nothing but one folder, as archives unpack, until class folders or parts are reached. */
async function findRoot(path: string): Promise<{ root: string; folders: string[] }> {
  let root = path;
  for (let depth = 0; ; depth++) {
    const entries = await entriesOf(root);
    const folders = entries.filter((entry) => entry.kind === "folder").map((entry) => entry.name);
    const only = folders[0];
    if (depth < MAX_DEPTH && folders.length === 1 && only !== undefined && !(only.toLowerCase() in PARTS) && !entries.some(({ name }) => isImageName(name)))
      root = join(root, only);
    else return { root, folders };
  }
}

/** Lists class folders and keeps count. */
class Walk {
  private readonly root: string;
  private readonly locations: Pick<DatasetLocations, "onProgress" | "signal">;
  private listed = 0;

  constructor(root: string, locations: Pick<DatasetLocations, "onProgress" | "signal">) {
    this.root = root;
    this.locations = locations;
  }

  /** Images below the class folders of a part, by class and name, and the number of images that lie beside the class folders. */
  async classesOf(part: string): Promise<{ images: FoundImage[]; loose: number }> {
    const entries = await entriesOf(join(this.root, part));
    const images: FoundImage[] = [];
    for (const { name, kind } of entries) {
      if (kind !== "folder") continue;
      for (const image of await this.below(part === "" ? name : `${part}/${name}`, 1)) images.push({ ...image, className: name });
    }
    return { images, loose: entries.filter(({ name, kind }) => kind === "file" && isImageName(name)).length };
  }

  private async below(folder: string, depth: number): Promise<{ path: string; bytes: number }[]> {
    this.locations.signal?.throwIfAborted();
    const entries = await entriesOf(join(this.root, folder));
    const files = entries.filter(({ name, kind }) => kind === "file" && isImageName(name)).map(({ name }) => `${folder}/${name}`);
    const images: { path: string; bytes: number }[] = [];
    for (let from = 0; from < files.length; from += STATS_AT_ONCE) {
      const some = files.slice(from, from + STATS_AT_ONCE);
      images.push(...(await Promise.all(some.map(async (path) => ({ path, bytes: (await stat(join(this.root, path))).size })))));
    }
    this.listed += files.length;
    this.locations.onProgress?.({ phase: "read", what: this.root, done: this.listed, total: null, unit: "files" });
    if (depth >= MAX_DEPTH) return images;
    for (const { name, kind } of entries) {
      if (kind !== "folder") continue;
      for (const image of await this.below(`${folder}/${name}`, depth + 1)) images.push(image);
    }
    return images;
  }
}

/** Entries of a folder by name, links followed. Hidden ones and what is neither file nor folder are left out. */
async function entriesOf(folder: string): Promise<{ name: string; kind: "file" | "folder" }[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true });
  const kinds = await Promise.all(
    entries.map(async (entry) => {
      if (entry.name.startsWith(".")) return [];
      const kind = entry.isSymbolicLink() ? await stat(join(folder, entry.name)).catch(() => null) : entry;
      if (kind?.isDirectory() === true) return [{ name: entry.name, kind: "folder" as const }];
      return kind?.isFile() === true ? [{ name: entry.name, kind: "file" as const }] : [];
    }),
  );
  // By code units, so that the order is the same in every language.
  return kinds.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

function assemble(path: string, root: string, found: Readonly<Record<"train" | "validation" | "test", readonly FoundImage[]>>, notes: string[]): ImageIndex {
  const classNames = [...new Set(found.train.map(({ className }) => className))].sort();
  if (found.train.length === 0) throw layoutError(path, "it holds no image in a class folder (png, jpg, webp, gif, tif or avif)");
  if (classNames.length < 2) throw layoutError(path, "it holds 1 class folder with training images, and at least 2 are needed");
  if (classNames.length > 65_536) throw layoutError(path, "it holds more than 65,536 classes");
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const stranger = [...found.validation, ...found.test].find(({ className }) => !labelOf.has(className));
  if (stranger !== undefined) throw layoutError(path, `the class "${stranger.className}" has no training image`);
  const listOf = (images: readonly FoundImage[]): ImageList => {
    const labels = classNames.length > 256 ? new Uint16Array(images.length) : new Uint8Array(images.length);
    images.forEach(({ className }, i) => {
      labels[i] = labelOf.get(className) ?? 0;
    });
    return { paths: images.map((image) => image.path), labels, count: images.length };
  };
  const all = [...found.train, ...found.validation, ...found.test];
  const common = { root, classNames, fingerprint: fingerprintOf(classNames, all), bytes: all.reduce((sum, { bytes }) => sum + bytes, 0), notes };
  if (found.test.length > 0) {
    const train = listOf([...found.train, ...found.validation]);
    const given = Uint32Array.from(found.validation, (_, i) => found.train.length + i);
    return { ...common, train, test: listOf(found.test), ...(given.length === 0 ? {} : { givenValidation: given }) };
  }
  if (found.validation.length > 0) {
    notes.push("There is no test folder with classes, so val/ is measured at the end, as is usual on ImageNet; validation images are held back from train/.");
    return { ...common, train: listOf(found.train), test: listOf(found.validation) };
  }
  const apart = setTestApart(listOf(found.train), TEST_SEED);
  notes.push(`There is no test folder, so a fixed fifth (${apart.test.length.toLocaleString("en")} images) is set apart as test part.`);
  const pick = (indices: Uint32Array): ImageList => listOf([...indices].flatMap((i) => found.train[i] ?? []));
  return { ...common, train: pick(apart.train), test: pick(apart.test) };
}

/** Names and sizes, in the order of the index, which is that of the names. */
function fingerprintOf(classNames: readonly string[], images: readonly FoundImage[]): string {
  const hash = createHash("sha256").update(JSON.stringify({ version: 1, streamed: true, classNames, count: images.length }));
  for (const { path, bytes } of images) hash.update(`${path}\0${bytes}\n`);
  return hash.digest("hex");
}

function layoutError(path: string, why: string): UserError {
  return new UserError(`The folder ${path} cannot be used as a dataset: ${why}.`, {
    code: "folder-layout",
    file: path,
    remedy: "Give every class a folder of its own, either directly or below train/, val/ and test/.",
  });
}
