import { createRequire } from "node:module";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of this installation. */
export const installation = fileURLToPath(new URL("../../", import.meta.url));

/** The user's cache, shared by all installations: `$GHN_STUDIO_CACHE`, otherwise `~/.cache/ghn-studio` or the platform's equivalent. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const chosen = environment["GHN_STUDIO_CACHE"];
  if (chosen !== undefined && chosen !== "") return path.resolve(chosen);
  if (platform === "win32") return path.join(environment["LOCALAPPDATA"] ?? path.join(homedir(), "AppData", "Local"), "ghn-studio", "cache");
  if (platform === "darwin") return path.join(homedir(), "Library", "Caches", "ghn-studio");
  const base = environment["XDG_CACHE_HOME"];
  return path.join(base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), ".cache"), "ghn-studio");
}

/** Folder of the npm package with the TensorFlow binding. @throws Error if it is not installed */
export function bindingPackage(): string {
  const require = createRequire(path.join(installation, "package.json"));
  return path.dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json"));
}
