import { join } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { type DatasetDescription, describeDataset } from "../access/describe.ts";
import { badName, checkRef, isFolderName } from "../access/locate.ts";
import { readDataset } from "../access/open.ts";
import { sourceKind } from "../archives/kind.ts";
import { readSource } from "../archives/read-source.ts";
import { isImageName } from "../folders/image-folder.ts";
import type { DatasetId, DatasetLocations, DatasetProgress } from "../images/types.ts";
import { CATALOG } from "../official/catalog.ts";
import { type OfficialId, officialFiles, parseOfficial } from "../official/official-files.ts";
import { install, writeNewFile } from "./install.ts";

/** Options of an import. */
export interface ImportOptions {
  /** `folder` only, and required there: the name of the imported folder. */
  readonly name?: string;
  /** Replace an existing dataset, which is refused otherwise. */
  readonly replace?: boolean;
  readonly onProgress?: (progress: DatasetProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies a dataset from a folder or archive to the data folder: `dataRoot/<id>`, or `dataRoot/folder/<name>` for image folders.
 * It is read and checked first and appears in one step; after an error nothing is left behind.
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
    throw new UserError(`There is nothing to import at ${path}.`, { code: "not-a-source", file: path, remedy: "Use the path of a folder or archive." });
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
        await writeNewFile(join(staging, file), bytes);
        copied++;
        if (copied % 50 === 0) options.onProgress?.({ phase: "unpack", what: path, done: copied, total: null, unit: "files" });
      },
    });
    // Decodes all images once; the resulting cache is used when the dataset is opened for the first time.
    await readDataset({ id, name }, staging, locations);
  });
  return describeDataset({ id, name }, locations);
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
