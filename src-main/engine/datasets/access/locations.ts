import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatasetLocations } from "../images/types.ts";

/** The first data folder that contains the dataset; null if none does. */
export function folderWith(folders: readonly string[], id: string): string | null {
  return folders.find((folder) => existsSync(join(folder, id))) ?? null;
}

/**
 * Where the images of a run are searched for and cached.
 * @param folders data folders in order of preference; the user's own comes last, and all projects share its cache
 */
export function locationsIn(folders: readonly string[], id: string): DatasetLocations {
  return { dataRoot: folderWith(folders, id) ?? folders[0] ?? ".", cacheFolder: join(folders.at(-1) ?? ".", "cache") };
}
