import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { installation } from "./places.ts";

const SOURCES = ["src-main", "src-preload", "src-renderer", "src-shared", "package-lock.json", "electron.vite.config.ts", "vite.renderer.config.ts"];
const BUILT = ["main/main.js", "preload/preload.cjs", "renderer/index.html"];

/** Whether everything in `out/` is there and younger than every source. */
export function buildIsFresh(root: string = installation): boolean {
  const files = BUILT.map((file) => path.join(root, "out", file));
  if (!files.every((file) => existsSync(file))) return false;
  const built = Math.min(...files.map((file) => statSync(file).mtimeMs));
  return SOURCES.every((name) => newest(path.join(root, name)) < built);
}

/** Time of the last change of a file, or of anything below a folder, in milliseconds; 0 when it is not there. */
function newest(place: string): number {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(place).map((name) => newest(path.join(place, name))));
}
