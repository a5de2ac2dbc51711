/** Entry files of children and threads: sources when the program runs from sources, built files beside the built program. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Sources of the entries, from `src-main`. The build gives each its own file `<name>.js` in `out/main`. */
const SOURCES = {
  "run-worker": "workers/run-worker.ts",
  "dataset-worker": "api/datasets/dataset-worker.ts",
  "calibration-worker": "api/estimate/calibration-worker.ts",
} as const;

export type EntryName = keyof typeof SOURCES;

/**
 * Absolute path of an entry.
 * @throws Error when the program was built without it
 */
export function entryPath(name: EntryName): string {
  const here = import.meta.dirname;
  if (import.meta.filename.endsWith(".ts")) return join(dirname(here), SOURCES[name]);
  // The bundler may put shared code one folder below the entries.
  for (const folder of [here, dirname(here)]) {
    for (const extension of ["js", "mjs"]) {
      const path = join(folder, `${name}.${extension}`);
      if (existsSync(path)) return path;
    }
  }
  throw new Error(`The built program lacks ${name}.js; build it again.`);
}
