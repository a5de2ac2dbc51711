import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";

/**
 * Creates a folder and those above it that are missing. Node's own recursive `mkdir` runs forever where the system answers "no such file" although the parent exists, as
 * automounted home folders do.
 * @param mode permissions of the folders, less the umask of the process
 * @throws the error of the system, naming the folder that could not be created
 */
export function makeFolder(folder: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !existsSync(at); at = path.dirname(at)) {
    missing.unshift(at);
    if (path.dirname(at) === at) break;
  }
  // A file in its place is reported by the system.
  if (missing.length === 0) missing.push(path.resolve(folder));
  for (const each of missing)
    try {
      mkdirSync(each, mode);
    } catch (error) {
      // It exists, or another process created it meanwhile.
      if (statSync(each, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
    }
}
