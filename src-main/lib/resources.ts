import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Absolute path of a file in `resources/` of the source tree or of the packaged program.
 * @throws Error when it is missing
 */
export function resourceFile(...parts: readonly string[]): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, "resources", ...parts);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) throw new Error(`This installation lacks the file resources/${parts.join("/")}.`);
  }
}
