/** An installation of its own in a folder: the sources, the packages of this one, and links into a cache of its own. */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { linkPackage } from "../../../src-main/tensorflow-install/entries/links.ts";
import { installedTensorFlow } from "../../../src-main/tensorflow-install/tensorflow.ts";

const REPOSITORY = path.join(import.meta.dirname, "..", "..", "..");
const BINDING = path.join("@tensorflow", "tfjs-node-gpu");

export interface Installation {
  readonly cli: string;
  readonly launcher: string;
  /** `GHN_STUDIO_CACHE` of the installation. */
  readonly cache: string;
  /** Folder of its TensorFlow in the cache. */
  readonly entry: string;
}

/** Copies, so that the test can damage what it likes. */
export function ownInstallation(root: string): Installation {
  const installed = installedTensorFlow();
  if (installed === null) throw new Error("TensorFlow is not set up in this installation.");
  const [folder, cache] = [path.join(root, "installation"), path.join(root, "cache")];
  for (const part of ["src-main", "src-shared", "resources", "package.json"]) cpSync(path.join(REPOSITORY, part), path.join(folder, part), { recursive: true });
  const modules = path.join(REPOSITORY, "node_modules");
  for (const name of readdirSync(modules)) {
    if (name === "@tensorflow" || name === ".bin") continue;
    link(path.join(modules, name), path.join(folder, "node_modules", name));
  }
  for (const name of readdirSync(path.join(modules, "@tensorflow")))
    if (name !== "tfjs-node-gpu") link(path.join(modules, "@tensorflow", name), path.join(folder, "node_modules", "@tensorflow", name));
  const own = path.join(folder, "node_modules", BINDING);
  cpSync(path.join(modules, BINDING), own, {
    recursive: true,
    filter: (source) => !["deps", "lib"].some((part) => source === path.join(modules, BINDING, part)),
  });
  const entry = path.join(cache, "tensorflow", path.basename(installed.folder));
  cpSync(installed.folder, entry, { recursive: true, verbatimSymlinks: true });
  linkPackage(own, entry);
  return { cli: path.join(folder, "src-main", "cli.ts"), launcher: path.join(folder, "src-main", "launcher", "launch.mjs"), cache, entry };
}

function link(target: string, place: string): void {
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(target, place);
}
