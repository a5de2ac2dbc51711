/**
 * Native libraries cannot be loaded from the archive of the packaged application, whose integrity Electron checks. They are in a folder next to it, and are
 * compared with hashes in the archive (written by scripts/packaging/native-hashes.mjs) before anything loads them.
 */
import { readdir, readFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { z } from "zod";
import { fileSha256 } from "../../lib/recorded-file.ts";

const hashesSchema = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/));
/** SHA-256 of each library, by path, with `/`. */
export type LibraryHashes = z.infer<typeof hashesSchema>;

/** Name of the file with the hashes. */
export const HASHES_FILE = "native-libraries.json";
const LIBRARY = /\.(?:node|dll|dylib|wasm|so(?:\.[\d.]+)?)$/;
const PARALLEL = 4;

/** Reads the hashes; null if the package has none because its code signature covers the libraries. @throws Error if the file is damaged */
export async function readHashes(file: string): Promise<LibraryHashes | null> {
  const text = await readFile(file, "utf8").catch(() => null);
  return text === null ? null : hashesSchema.parse(JSON.parse(text));
}

/**
 * Compares all libraries in a folder with their hashes.
 * @returns paths of libraries that were changed or added, relative to the folder; missing ones are reported when they are loaded
 */
export async function changedLibraries(folder: string, hashes: LibraryHashes): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && LIBRARY.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll(sep, "/"),
    );
  // By content alone, because electron-builder may place a package elsewhere in the tree.
  const known = new Set(Object.values(hashes));
  const changed: string[] = [];
  const check = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop())
      if (!known.has(await fileSha256(join(folder, name)).catch(() => ""))) changed.push(name);
  };
  await Promise.all(Array.from({ length: PARALLEL }, check));
  return changed.sort();
}
