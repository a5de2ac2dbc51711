import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { installation } from "../lib/places.ts";

const PAGE_SOURCES = ["src-renderer", "src-shared", "package-lock.json", "vite.renderer.config.ts"];
const SOURCES = [...PAGE_SOURCES, "src-main", "src-preload", "electron.vite.config.ts"];
const PAGE = ["renderer/index.html"];
const BUILT = [...PAGE, "main/main.js", "preload/preload.cjs"];

/** Whether `out/` is complete and newer than every source. */
export function buildIsFresh(root: string = installation): boolean {
  return isFresh(root, BUILT, SOURCES);
}

/** The same for the renderer alone, which is all that the web host needs. */
export function pageIsFresh(root: string = installation): boolean {
  return isFresh(root, PAGE, PAGE_SOURCES);
}

function isFresh(root: string, results: readonly string[], sources: readonly string[]): boolean {
  const files = results.map((file) => path.join(root, "out", file));
  if (!files.every((file) => existsSync(file))) return false;
  const built = Math.min(...files.map((file) => statSync(file).mtimeMs));
  return sources.every((name) => newest(path.join(root, name)) < built);
}

/** When a file, or anything below a folder, last changed, in milliseconds; 0 if it does not exist. */
function newest(place: string): number {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(place).map((name) => newest(path.join(place, name))));
}
