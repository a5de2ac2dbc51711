import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Version of GHN Studio, from the nearest package.json above this file. */
export function packageVersion(): string {
  let folder = import.meta.dirname;
  for (;;) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name?: unknown; version?: unknown };
      if (name === "ghn-studio" && typeof version === "string") return version;
    } catch {
      // Try the parent folder.
    }
    const parent = dirname(folder);
    if (parent === folder) return "0.0.0";
    folder = parent;
  }
}
