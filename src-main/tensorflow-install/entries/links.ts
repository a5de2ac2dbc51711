/** The two folders of the npm package that lead into the user's cache. */
import { lstatSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import path from "node:path";
import { type Entry, readEntryFolder } from "./entry.ts";

/** `lib` comes last: it is what the engine looks for. */
const PARTS = ["deps", "lib"] as const;

/** Links the package to an entry of the cache, each folder in one step. Real folders in their place are removed. */
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

/** Takes the links away; folders that are no links stay. */
export function unlinkPackage(packageFolder: string): void {
  for (const part of [...PARTS].reverse()) {
    const place = path.join(packageFolder, part);
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true) unlinkSync(place);
  }
}

/** The entry that the package is linked to; null when a link is missing, leads elsewhere or nowhere. */
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
