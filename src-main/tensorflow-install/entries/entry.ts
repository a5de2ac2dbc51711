/** What the user's cache holds of TensorFlow: one folder an entry, complete or not there. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export type Flavour = "cpu" | "cuda";

/** Written last: an entry with a manifest is complete. */
export interface Manifest {
  /** TensorFlow's version. */
  readonly version: string;
  readonly flavour: Flavour;
  /** Version of the npm package whose sources the binding was built from. */
  readonly binding: string;
}

export interface Entry {
  readonly folder: string;
  readonly manifest: Manifest;
}

/** What an installation can use. */
export interface Wanted {
  readonly binding: string;
  readonly flavour: Flavour;
  /** Any version when undefined. */
  readonly version: string | undefined;
}

/** Where the binding lies in an entry. Its number is that of Node-API, as the npm package looks for it. */
export const BINDING_FILE = path.join("lib", "napi-v8", "tfjs_binding.node");
/** Where the libraries lie; the binding finds them from its own place. */
export const LIBRARY_FOLDER = path.join("deps", "lib");

const MANIFEST_FILE = "manifest.json";

export function entryName({ version, flavour, binding }: Manifest): string {
  return `${process.platform}-${process.arch}-${flavour}-${version}-${binding}`;
}

/** The entry in this folder; null when there is none or a part of it is gone. */
export function readEntryFolder(folder: string): Entry | null {
  try {
    const { version, flavour, binding } = JSON.parse(readFileSync(path.join(folder, MANIFEST_FILE), "utf8")) as Record<string, unknown>;
    if (typeof version !== "string" || typeof binding !== "string" || (flavour !== "cpu" && flavour !== "cuda")) return null;
    if (!existsSync(path.join(folder, BINDING_FILE)) || !existsSync(path.join(folder, LIBRARY_FOLDER))) return null;
    return { folder, manifest: { version, flavour, binding } };
  } catch {
    return null;
  }
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(path.join(folder, MANIFEST_FILE), `${JSON.stringify(manifest)}\n`);
}

export function serves({ manifest }: Entry, { binding, flavour, version }: Wanted): boolean {
  return manifest.binding === binding && manifest.flavour === flavour && (version === undefined || manifest.version === version);
}

/** The newest entry below `root` that serves; null when there is none. */
export function findEntry(root: string, wanted: Wanted): Entry | null {
  if (!existsSync(root)) return null;
  const prefix = `${process.platform}-${process.arch}-`;
  const found = readdirSync(root)
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => readEntryFolder(path.join(root, name)) ?? [])
    .filter((entry) => serves(entry, wanted));
  return found.sort((a, b) => b.manifest.version.localeCompare(a.manifest.version, "en", { numeric: true }))[0] ?? null;
}
