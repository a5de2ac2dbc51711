import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import { isUserError, UserError } from "../../../lib/errors.ts";
import { type DatasetDescription, describeDataset } from "../access/describe.ts";
import { badName, checkRef, isFolderName } from "../access/locate.ts";
import { readDataset } from "../access/open.ts";
import { unreadable } from "../archives/errors.ts";
import { sourceKind } from "../archives/kind.ts";
import { readSource } from "../archives/read-source.ts";
import { planFolder } from "../folders/plan.ts";
import { Tally, usableNames } from "../folders/tally.ts";
import type { DatasetLocations, DatasetProgress } from "../images/types.ts";
import { CATALOG } from "../official/catalog.ts";
import { type OfficialId, officialFiles, parseOfficial } from "../official/official-files.ts";
import { install, writeNewFile } from "./install.ts";

/** Options of an import. */
export interface ImportOptions {
  /** `folder` only, and required there: the name of the imported folder. */
  readonly name?: string;
  /** `folder` only: what its folders are, if that is not recognised correctly. */
  readonly layout?: DatasetLayout;
  /** See {@link DatasetLocations.cacheFolder}. */
  readonly cacheFolder?: string;
  /** Replace an existing dataset, which is refused otherwise. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: DatasetProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies a dataset from a folder or archive to the data folder: `dataRoot/<id>`, or `dataRoot/folder/<name>` for image folders.
 * It is read and checked first and appears in one step; after an error nothing is left behind.
 *
 * @returns the description of the copy; what of the source was left out is listed in it too
 * @throws UserError `dataset-exists`, `dataset-option`, and those of `openDataset`
 */
export async function importDataset(path: string, id: DatasetId, dataRoot: string, options: ImportOptions = {}): Promise<DatasetDescription> {
  checkRef({ id });
  const locations: DatasetLocations = {
    dataRoot,
    ...(options.cacheFolder === undefined ? {} : { cacheFolder: options.cacheFolder }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  if ((await sourceKind(path)) === null) {
    throw new UserError(`There is nothing to import at ${path}.`, { code: "not-a-source", file: path, remedy: "Use the path of a folder or archive." });
  }
  if (id !== "folder") {
    await installOfficial(id, path, locations, options.replace ?? false);
    return describeDataset({ id }, locations);
  }
  return importFolder(path, locations, options);
}

async function importFolder(path: string, locations: DatasetLocations, options: ImportOptions): Promise<DatasetDescription> {
  const { name = "", layout } = options;
  if (!isFolderName(name)) throw badName(name);
  const ref = { id: "folder", name, ...(layout === undefined ? {} : { layout }) } as const;
  const tally = new Tally();
  await install(join(locations.dataRoot, "folder", name), name, options.replace ?? false, async (staging) => {
    let copied = 0;
    const copy = async (file: string, bytes: Uint8Array): Promise<void> => {
      await writeNewFile(join(staging, file), bytes);
      copied++;
      if (copied % 50 === 0) locations.onProgress?.({ phase: "unpack", what: path, done: copied, total: null, unit: "files" });
    };
    if ((await sourceKind(path)) === "folder") {
      const plan = await planFolder(path, layout, locations);
      tally.merge(plan.leftOut);
      for (const { image } of [...plan.parts.train, ...plan.parts.validation, ...plan.parts.test]) {
        locations.signal?.throwIfAborted();
        const source = join(path, image.path);
        await copy(
          image.path,
          await readFile(source).catch((error: unknown) => {
            throw unreadable(source, error);
          }),
        );
      }
    } else {
      await readSource(path, {
        wanted: usableNames(tally),
        ...(locations.signal === undefined ? {} : { signal: locations.signal }),
        onEntry: ({ name: file, bytes }) => copy(file, bytes),
      });
      tally.check(path, copied);
    }
    // Decodes all images once; the resulting cache entry is used when the dataset is opened for the first time.
    await readDataset(ref, staging, locations).catch((error: unknown) => {
      throw isUserError(error) ? renamed(error, staging, path) : error;
    });
  });
  const description = await describeDataset(ref, locations);
  tally.merge(description.leftOut);
  return { ...description, leftOut: tally.list() };
}

/** The same error about the source, which the user knows, instead of the temporary folder. */
function renamed({ message, ...details }: UserError, from: string, to: string): UserError {
  return new UserError(message.replaceAll(from, to), {
    ...details,
    remedy: details.remedy.replaceAll(from, to),
    ...(details.file === undefined ? {} : { file: details.file.replace(from, to) }),
  });
}

/** Copies the official files of a dataset to `dataRoot/<id>` after parsing them; errors as {@link importDataset}. */
export async function installOfficial(id: OfficialId, source: string, locations: DatasetLocations, replace: boolean): Promise<void> {
  await install(join(locations.dataRoot, id), CATALOG[id].name, replace, async (staging) => {
    const files = await officialFiles(id, source, locations);
    parseOfficial(id, files, source);
    let done = 0;
    for (const [name, bytes] of files) {
      locations.signal?.throwIfAborted();
      await writeNewFile(join(staging, name), bytes);
      locations.onProgress?.({ phase: "unpack", what: name, done: ++done, total: files.size, unit: "files" });
    }
  });
}
