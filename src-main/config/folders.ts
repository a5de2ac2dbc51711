/** Folders outside of projects: one place decides where they are. */
import { join, resolve } from "node:path";
import envPaths from "env-paths";

const paths = envPaths("ghn-studio", { suffix: "" });

/** Folder of the user's data; `GHN_STUDIO_DATA` chooses another. */
export function userDataFolder(): string {
  const chosen = process.env.GHN_STUDIO_DATA;
  return chosen === undefined || chosen === "" ? paths.data : resolve(chosen);
}

/** Folder for what can be made again at any time. */
export function userCacheFolder(): string {
  return paths.cache;
}

/** Datasets that all projects of the user share: `<id>/…` below this folder. */
export function datasetFolder(): string {
  return join(userDataFolder(), "datasets");
}

/** Where a run looks for its images, in this order: the project's own folder, then the user's. */
export function dataFoldersOf(projectFolder: string): readonly string[] {
  return [join(projectFolder, "data"), datasetFolder()];
}

/** Folder of the user's settings: recent projects and the like. */
export function userConfigFolder(): string {
  const chosen = process.env.GHN_STUDIO_DATA;
  return chosen === undefined || chosen === "" ? paths.config : resolve(chosen);
}
