import { basename } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { readImageFolder } from "../folders/read-image-folder.ts";
import type { RawDataset } from "../images/raw-dataset.ts";
import { channelStatistics, datasetFingerprint } from "../images/statistics.ts";
import type { DatasetLocations, DatasetRef, LoadedDataset } from "../images/types.ts";
import { CATALOG } from "../official/catalog.ts";
import { officialFiles, parseOfficial } from "../official/official-files.ts";
import { type ImageIndex, indexImages } from "../streaming/image-index.ts";
import { checkRef, locate } from "./locate.ts";

/**
 * Reads a dataset into memory. It is searched for in this order: the explicit path (folder or archive), the data folder `dataRoot/<id>`,
 * the bundled data. Nothing is written, except to the cache folder.
 *
 * @throws UserError `dataset-unknown`, `dataset-missing` (with instructions to get it), `dataset-incomplete`, `dataset-damaged`, `archive-*`,
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
 * Lists the images of a streamed folder without decoding them.
 *
 * @throws UserError as {@link openDataset} and {@link indexImages}
 */
export async function openIndex(ref: DatasetRef, locations: DatasetLocations): Promise<ImageIndex> {
  checkRef(ref);
  if (ref.id !== "folder")
    throw new UserError(`${CATALOG[ref.id].name} is always read into memory and cannot be streamed.`, {
      code: "dataset-option",
      field: "dataset.streamed",
      remedy: "Disable streaming, or choose an image folder.",
    });
  return indexImages(await locate(ref, locations), ref.layout, locations);
}

/** Reads a dataset from one place, without computing statistics. Also used to check imports. Errors as {@link openDataset}. */
export async function readDataset(ref: DatasetRef, foundAt: string, locations: DatasetLocations): Promise<RawDataset> {
  const { id } = ref;
  if (id === "folder") {
    const { imageSize = 32, channels = 3, skipBroken = false, layout } = ref;
    return readImageFolder(foundAt, { imageSize, channels, skipBroken, ...(layout === undefined ? {} : { layout }) }, locations);
  }
  return parseOfficial(id, await officialFiles(id, foundAt, locations), foundAt);
}
