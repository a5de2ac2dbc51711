import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import { DATASET_IDS } from "../../../../src-shared/domain/dataset-facts.ts";
import { isUserError } from "../../../lib/errors.ts";
import type { Attribution, DatasetLocations } from "../images/types.ts";
import { CATALOG } from "../official/catalog.ts";
import { isFolderName, locate } from "./locate.ts";

/** One entry of the list of datasets. */
export interface DatasetListing {
  readonly id: DatasetId;
  readonly name: string;
  /** The name of an imported image folder; absent otherwise. */
  readonly folderName?: string;
  /** Location; the contents were not checked. Null if it has to be downloaded or imported. */
  readonly foundAt: string | null;
  /** Bytes to download; 0 if it cannot be downloaded. */
  readonly downloadBytes: number;
  readonly attribution: Attribution;
}

/** Lists the known datasets and the imported image folders with their locations, without opening them. */
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
    const foundAt = await locate({ id }, locations).catch((error: unknown) => {
      if (isUserError(error)) return null;
      throw error;
    });
    listings.push({ id, name, foundAt, downloadBytes: files.reduce((sum, file) => sum + file.bytes, 0), attribution });
  }
  return listings;
}
