import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CellFile } from "../../../../src-shared/domain/architecture/cell.ts";
import { type Architecture, type NetworkConfig, type NetworkInput, networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import type { PublishedCellInfo } from "../../../../src-shared/domain/records/architecture-facts.ts";
import { UserError } from "../../../lib/errors.ts";
import { parseCellFile } from "./file.ts";
import { buildPlan } from "./plan.ts";

/** A cell from the literature, with the name of its file as id. */
export interface PublishedCell extends CellFile {
  readonly id: string;
  /** The network of its publication, as far as this program supports its settings. */
  readonly network: NetworkConfig;
  readonly publishedParameters: number;
  /** The setting that the publication counts: images, cells, channels. */
  readonly publishedSetting: string;
  /** Parameters by the layout of the authors' own code, computed independently of this program; null if unknown. */
  readonly authorsLayout: number | null;
  /** Why counts differ from the published ones; null if they do not. */
  readonly remark: string | null;
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
    .map((name) => published(name.slice(0, -".json".length), parseCellFile(readFileSync(join(folder, name), "utf8"), join(folder, name)), join(folder, name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Input of the network that the publication counts: 32 × 32 images of ten classes, or 224 × 224 of a thousand. */
function publishedInput({ network }: PublishedCell): NetworkInput {
  return network.stem === "imagenet" ? { height: 224, width: 224, channels: 3, classes: 1000 } : { height: 32, width: 32, channels: 3, classes: 10 };
}

/** What the window and the command line show about a cell, with the counts of the network of its publication. */
export function publishedInfo(cell: PublishedCell): PublishedCellInfo {
  const { id, name, source = "", network, publishedParameters, publishedSetting, remark } = cell;
  const { parameters, multiplyAdds } = buildPlan(architectureOf(cell), network, publishedInput(cell)).counts;
  return { id, name, source, architecture: architectureOf(cell), network, parameters, multiplyAdds, publishedParameters, publishedSetting, remark };
}

/** @throws UserError `cell-unknown` when there is no such cell */
export function publishedCell(id: string): PublishedCell {
  const all = publishedCells();
  const found = all.find((cell) => cell.id === id);
  if (found !== undefined) return found;
  throw new UserError(`There is no published cell “${id.slice(0, 100)}”.`, {
    code: "cell-unknown",
    remedy: `Choose one of ${all.map((cell) => cell.id).join(", ")}.`,
  });
}

export function architectureOf({ normal, reduction }: CellFile): Architecture {
  return reduction === undefined ? { normal } : { normal, reduction };
}

const NETWORK_PREFIX = "network.";

/** Reads what the file states about the publication. `meta` has plain values only: reductions are written as “6, 13”. */
function published(id: string, file: CellFile, path: string): PublishedCell {
  const meta = file.meta ?? {};
  const settings = Object.entries(meta).flatMap(([key, value]) => {
    if (!key.startsWith(NETWORK_PREFIX)) return [];
    const field = key.slice(NETWORK_PREFIX.length);
    return [[field, field === "reductions" ? String(value).split(",").map(Number) : value] as const];
  });
  const network = networkConfigSchema.safeParse(Object.fromEntries(settings));
  const parameters = meta["published parameters"];
  if (!network.success || typeof parameters !== "number")
    throw new UserError(`The published cell ${path} has no readable description of its network.`, {
      code: "cell-invalid",
      remedy: "Install GHN Studio again.",
      file: path,
    });
  const layout = meta["authors' layout"];
  const remark = meta["remark"];
  return {
    ...file,
    id,
    network: network.data,
    publishedParameters: parameters,
    publishedSetting: String(meta["published setting"] ?? ""),
    authorsLayout: typeof layout === "number" ? layout : null,
    remark: typeof remark === "string" ? remark : null,
  };
}

/** The nearest `resources/cells` (in a source tree) or `cells` with cell files (next to a packaged program) above this file. */
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
