import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Absolute path of a file in `resources/` of the source tree or of the packaged program.
 * @throws Error when it is missing
 */
export function resourceFile(...parts: readonly string[]): string {
  const file = findResource(...parts);
  if (file === undefined) throw new Error(`This installation lacks the file resources/${parts.join("/")}.`);
  return file;
}

/** As {@link resourceFile}, for files and folders that may be missing. */
export function findResource(...parts: readonly string[]): string | undefined {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "resources", ...parts);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return undefined;
  }
}
