/** Entry files of child processes and threads: sources when the program runs from sources, otherwise the built files. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Source of each entry, relative to `src-main`. The build (electron.vite.config.ts) writes each to `out/main/<name>.js`. */
export const ENTRY_SOURCES = {
  "run-worker": "workers/run-worker.ts",
  "dataset-worker": "api/datasets/dataset-worker.ts",
  "calibration-worker": "api/estimate/calibration-worker.ts",
  "export-worker": "export/network/export-worker.ts",
  "analysis-worker": "runs/stages/study/analysis-worker.ts",
  "wal-checkpoint-worker": "store/database/wal-checkpoint-worker.ts",
  "decode-worker": "engine/datasets/streaming/decode-worker.ts",
} as const;

export type EntryName = keyof typeof ENTRY_SOURCES;

/**
 * Absolute path of an entry.
 * @throws Error when the program was built without it
 */
export function entryPath(name: EntryName): string {
  const here = import.meta.dirname;
  if (import.meta.filename.endsWith(".ts")) return join(dirname(here), ENTRY_SOURCES[name]);
  // The bundler may move shared code into a folder below the entries.
  for (const folder of [here, dirname(here)]) {
    for (const extension of ["js", "mjs"]) {
      const path = join(folder, `${name}.${extension}`);
      if (existsSync(path)) return path;
    }
  }
  throw new Error(`The built program lacks ${name}.js; build it again.`);
}
