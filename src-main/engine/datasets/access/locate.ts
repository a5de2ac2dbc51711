import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DATASET_IDS } from "../../../../src-shared/domain/dataset-facts.ts";
import { UserError } from "../../../lib/errors.ts";
import { fileNameProblem } from "../../../lib/file-names.ts";
import { unreadable } from "../archives/errors.ts";
import { sourceKind } from "../archives/kind.ts";
import type { DatasetLocations, DatasetRef } from "../images/types.ts";
import { CATALOG } from "../official/catalog.ts";
import { DIGITS_FILE } from "../official/digits.ts";
import { type OfficialId, officialNames } from "../official/official-files.ts";

/**
 * Finds a dataset: the explicit path (folder or archive), else the data folder `dataRoot/<id>`, else the bundled data.
 *
 * @throws UserError `dataset-missing`, `dataset-option`
 */
export async function locate(ref: DatasetRef, locations: DatasetLocations): Promise<string> {
  if (ref.path !== undefined) {
    if ((await sourceKind(ref.path)) === null) throw missing(ref, `there is nothing at ${ref.path}`);
    return ref.path;
  }
  if (ref.id === "folder") {
    if (ref.name === undefined) {
      throw new UserError("An image folder needs a path, or the name under which it was imported.", {
        code: "dataset-option",
        field: "path",
        remedy: "Choose a folder that has one subfolder per class.",
      });
    }
    const folder = join(locations.dataRoot, "folder", ref.name);
    if ((await sourceKind(folder)) !== "folder") throw missing(ref, `no image folder was imported as "${ref.name}"`);
    return folder;
  }
  const folder = join(locations.dataRoot, ref.id);
  if ((await sourceKind(folder)) === "folder") {
    const found = await firstSourceIn(folder, ref.id);
    if (found !== undefined) return found;
  }
  if (ref.id === "digits") {
    const bundled = join(locations.bundledRoot ?? findBundledRoot(), DIGITS_FILE);
    if ((await sourceKind(bundled)) === "file") return bundled;
  }
  throw missing(ref, `it is neither in the data folder (${folder}) nor bundled`);
}

/** Rejects invalid references; they may come from a file. @throws UserError `dataset-unknown`, `dataset-option` */
export function checkRef(ref: DatasetRef): void {
  if (!DATASET_IDS.includes(ref.id)) {
    throw new UserError(`There is no dataset called "${String(ref.id)}".`, {
      code: "dataset-unknown",
      field: "id",
      remedy: `Choose one of ${DATASET_IDS.join(", ")}.`,
    });
  }
  if (ref.name !== undefined && !isFolderName(ref.name)) throw badName(ref.name);
}

/** Valid names for imported image folders: 1 to 64 letters, digits, `_`, `-` and `.`, starting with a letter or digit, not ending with a dot and not reserved on Windows. */
export function isFolderName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,63}$/.test(name) && fileNameProblem(name) === null;
}

export function badName(name: string): UserError {
  return new UserError(`"${name.slice(0, 80)}" is not a valid name for an image folder.`, {
    code: "dataset-option",
    field: "name",
    remedy:
      "Use 1 to 64 letters, digits, dots, dashes and underscores, starting with a letter or digit and not ending with a dot. Names such as con and nul are reserved.",
  });
}

/** The folder itself if it contains an official file, otherwise an archive in it. */
async function firstSourceIn(folder: string, id: OfficialId): Promise<string | undefined> {
  const names = new Set(officialNames(id));
  const children = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  for (const child of children) {
    if (child.isFile() && names.has(child.name)) return folder;
    if (child.isDirectory() && (await readdir(join(folder, child.name)).catch(() => [])).some((name) => names.has(name))) return folder;
  }
  for (const name of children.map((child) => child.name).sort()) {
    if (/\.(tar|tgz|tar\.gz|zip)$/i.test(name) && ["tar", "tar.gz", "zip"].includes((await sourceKind(join(folder, name))) ?? "")) return join(folder, name);
  }
  return undefined;
}

/** The nearest `resources/data` (source tree) or `data` (packaged program) in a parent folder of this file. */
function findBundledRoot(): string {
  let folder = import.meta.dirname;
  for (;;) {
    for (const candidate of [join(folder, "resources", "data"), join(folder, "data")]) {
      if (existsSync(join(candidate, DIGITS_FILE))) return candidate;
    }
    const parent = dirname(folder);
    if (parent === folder) return join(import.meta.dirname, "data");
    folder = parent;
  }
}

function missing(ref: DatasetRef, why: string): UserError {
  const { name, files } = CATALOG[ref.id];
  return new UserError(`${name} was not found: ${why}.`, {
    code: "dataset-missing",
    ...(ref.path === undefined ? {} : { file: ref.path }),
    remedy:
      files.length > 0
        ? `Run "ghn-studio data download ${ref.id}", or use the path of a folder or archive that contains it.`
        : "Use the path of a folder or archive that contains it.",
  });
}
