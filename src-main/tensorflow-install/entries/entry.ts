/** TensorFlow in the user's cache: one folder per entry, either complete or absent. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export type Flavour = "cpu" | "cuda";

/** Written last, so an entry with a manifest is complete. */
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

/** What an installation needs. */
export interface Wanted {
  readonly binding: string;
  readonly flavour: Flavour;
  /** Undefined: any version. */
  readonly version: string | undefined;
}

/** Path of the binding in an entry. The number is the Node-API version; the npm package looks for this path. */
export const BINDING_FILE = path.join("lib", "napi-v8", "tfjs_binding.node");
/** Folder of the libraries in an entry. The binding finds them relative to its own path. */
export const LIBRARY_FOLDER = path.join("deps", "lib");

const MANIFEST_FILE = "manifest.json";

export function entryName({ version, flavour, binding }: Manifest): string {
  return `${process.platform}-${process.arch}-${flavour}-${version}-${binding}`;
}

/** The entry in this folder; null if there is none or it is incomplete. */
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

export function satisfies({ manifest }: Entry, { binding, flavour, version }: Wanted): boolean {
  return manifest.binding === binding && manifest.flavour === flavour && (version === undefined || manifest.version === version);
}

/** The newest matching entry below `root`; null if there is none. */
export function findEntry(root: string, wanted: Wanted): Entry | null {
  if (!existsSync(root)) return null;
  const prefix = `${process.platform}-${process.arch}-`;
  const found = readdirSync(root)
    .filter((name) => name.startsWith(prefix))
    .flatMap((name) => readEntryFolder(path.join(root, name)) ?? [])
    .filter((entry) => satisfies(entry, wanted));
  return found.sort((a, b) => b.manifest.version.localeCompare(a.manifest.version, "en", { numeric: true }))[0] ?? null;
}
