/** Folders outside of projects. */
import { join, resolve } from "node:path";
import envPaths from "env-paths";

const paths = envPaths("ghn-studio", { suffix: "" });

/** Folder of the user's data; `GHN_STUDIO_DATA` overrides it. */
export function userDataFolder(): string {
  const chosen = process.env.GHN_STUDIO_DATA;
  return chosen === undefined || chosen === "" ? paths.data : resolve(chosen);
}

/** Folder for data that can be rebuilt at any time. */
export function userCacheFolder(): string {
  return paths.cache;
}

/** Datasets shared by all projects of the user, in `<id>/…`. */
export function datasetFolder(): string {
  return join(userDataFolder(), "datasets");
}

/** Cache of decoded image folders, shared by all projects of the user. */
export function decodedImagesFolder(): string {
  return join(datasetFolder(), "cache");
}

/** Where a run looks for its images, in order: the project's data folder, then the user's. */
export function dataFoldersOf(projectFolder: string): readonly string[] {
  return [join(projectFolder, "data"), datasetFolder()];
}

/** Folder of the user's settings, such as recent projects. */
export function userConfigFolder(): string {
  const chosen = process.env.GHN_STUDIO_DATA;
  return chosen === undefined || chosen === "" ? paths.config : resolve(chosen);
}
