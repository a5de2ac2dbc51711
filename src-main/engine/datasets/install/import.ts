import { randomUUID } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { UserError } from "../../../lib/errors.ts";
import { CATALOG } from "../images/catalog.ts";
import { fileErrorCode, writeFlushed } from "../images/files.ts";
import type { DatasetId, DatasetLocations, DatasetProgress } from "../images/types.ts";
import { badName, checkRef, type DatasetDescription, describeDataset, isFolderName, officialFiles, parseOfficial, readDataset } from "../open.ts";
import { isImageName } from "../readers/image-folder.ts";
import { readSource, sourceKind } from "../readers/sources.ts";

/** How to import. */
export interface ImportOptions {
  /** `folder` only, and needed there: the name to keep it under. */
  readonly name?: string;
  /** Replace a dataset that is there already; refused otherwise. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: DatasetProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies a dataset from a folder or archive into the data folder: `dataRoot/<id>`, or `dataRoot/folder/<name>` for images.
 * It is read and checked first and appears in one step; on any error nothing is left behind.
 *
 * @throws UserError `dataset-exists`, `dataset-option`, and those of `openDataset`
 */
export async function importDataset(path: string, id: DatasetId, dataRoot: string, options: ImportOptions = {}): Promise<DatasetDescription> {
  checkRef({ id });
  const locations: DatasetLocations = {
    dataRoot,
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  if ((await sourceKind(path)) === null) {
    throw new UserError(`There is nothing to import at ${path}.`, { code: "not-a-source", file: path, remedy: "Give the path of a folder or archive." });
  }
  if (id !== "folder") {
    await installOfficial(id, path, locations, options.replace ?? false);
    return describeDataset({ id }, locations);
  }
  const { name = "" } = options;
  if (!isFolderName(name)) throw badName(name);
  await install(join(dataRoot, "folder", name), name, options.replace ?? false, async (staging) => {
    let copied = 0;
    await readSource(path, {
      wanted: isImageName,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onEntry: async ({ name: file, bytes }) => {
        await writeFlushed(join(staging, file), [bytes]);
        copied++;
        if (copied % 50 === 0) options.onProgress?.({ phase: "unpack", what: path, done: copied, total: null, unit: "files" });
      },
    });
    // Decodes everything once; the cache that this makes serves the first opening.
    await readDataset({ id, name }, staging, locations);
  });
  return describeDataset({ id, name }, locations);
}

/** Copies the official files of a dataset into `dataRoot/<id>` after parsing them. */
export async function installOfficial(id: Exclude<DatasetId, "folder">, source: string, locations: DatasetLocations, replace: boolean): Promise<void> {
  await install(join(locations.dataRoot, id), CATALOG[id].name, replace, async (staging) => {
    const files = await officialFiles(id, source, locations);
    parseOfficial(id, files, source);
    let done = 0;
    for (const [name, bytes] of files) {
      locations.signal?.throwIfAborted();
      await writeFlushed(join(staging, name), [bytes]);
      locations.onProgress?.({ phase: "unpack", what: name, done: ++done, total: files.size, unit: "files" });
    }
  });
}

/** Fills a folder beside the target, then puts it in the target's place. */
async function install(target: string, name: string, replace: boolean, fill: (staging: string) => Promise<void>): Promise<void> {
  if (!replace && (await sourceKind(target)) !== null) {
    throw new UserError(`${name} is in the data folder already.`, {
      code: "dataset-exists",
      file: target,
      remedy: "Choose to replace it, or import under another name.",
    });
  }
  const parent = dirname(target);
  const staging = join(parent, `.incoming-${randomUUID()}`);
  const retired = join(parent, `.retired-${randomUUID()}`);
  await mkdir(staging, { recursive: true });
  try {
    await fill(staging);
    const had = await rename(target, retired).then(
      () => true,
      (error: unknown) => {
        if (fileErrorCode(error) === "ENOENT") return false;
        throw error;
      },
    );
    try {
      await rename(staging, target);
    } catch (error) {
      if (had) await rename(retired, target);
      throw error;
    }
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
  await rm(retired, { recursive: true, force: true });
}
