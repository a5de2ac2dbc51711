/** The two links from the npm package into the user's cache. */
import { lstatSync, realpathSync, renameSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { type Entry, readEntryFolder } from "./entry.ts";

/** `lib` is last, because the engine checks for it. */
const PARTS = ["deps", "lib"] as const;

/** Links the package to a cache entry, each folder atomically. Real folders with these names are replaced. */
export function linkPackage(packageFolder: string, entryFolder: string): void {
  for (const part of PARTS) {
    const place = path.join(packageFolder, part);
    const fresh = `${place}.new-${process.pid}`;
    rmSync(fresh, { force: true });
    symlinkSync(path.join(entryFolder, part), fresh, process.platform === "win32" ? "junction" : "dir");
    const existing = lstatSync(place, { throwIfNoEntry: false });
    if (existing !== undefined && (existing.isDirectory() || process.platform === "win32")) rmSync(place, { recursive: true, force: true });
    renameSync(fresh, place);
  }
}

/** The entry that the package is linked to; null if a link is missing, broken or points elsewhere. */
export function linkedEntry(packageFolder: string): Entry | null {
  try {
    const [deps, lib] = PARTS.map((part) => {
      const place = path.join(packageFolder, part);
      return lstatSync(place).isSymbolicLink() ? path.dirname(realpathSync(place)) : null;
    });
    return lib === undefined || lib === null || lib !== deps ? null : readEntryFolder(lib);
  } catch {
    return null;
  }
}
