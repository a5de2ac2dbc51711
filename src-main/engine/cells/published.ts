import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellFile } from "../../../src-shared/domain/cell.ts";
import { UserError } from "../errors.ts";
import { parseCellFile } from "../export/cell-file.ts";

/** A cell from the literature, with the name of its file as id. */
export interface PublishedCell extends CellFile {
  readonly id: string;
}

/**
 * The published cells that come with GHN Studio, by name. Where a published node adds two different operations, the file
 * has a node for each and an identity node that adds them.
 *
 * @throws UserError `resources-missing`, or `cell-*` for a damaged file
 */
export function publishedCells(): PublishedCell[] {
  const folder = cellFolder();
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ id: name.slice(0, -".json".length), ...parseCellFile(readFileSync(join(folder, name), "utf8"), join(folder, name)) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The nearest `resources/cells` (in a source tree) or `cells` with cell files (beside a packaged program) above this file. */
function cellFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    for (const candidate of [join(folder, "resources", "cells"), join(folder, "cells")]) if (existsSync(join(candidate, "nasnet-a.json"))) return candidate;
    const parent = dirname(folder);
    if (parent === folder) break;
    folder = parent;
  }
  throw new UserError("The published cells that come with GHN Studio are missing.", { code: "resources-missing", remedy: "Install GHN Studio again." });
}
