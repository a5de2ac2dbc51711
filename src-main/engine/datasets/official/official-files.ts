import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { DatasetId } from "../../../../src-shared/domain/dataset-facts.ts";
import { UserError } from "../../../lib/errors.ts";
import { sourceKind } from "../archives/kind.ts";
import { readSource } from "../archives/read-source.ts";
import type { RawDataset } from "../images/raw-dataset.ts";
import type { DatasetLocations } from "../images/types.ts";
import { CATALOG, IDX_FILES } from "./catalog.ts";
import { cifarFiles, isCifar, parseCifar } from "./cifar.ts";
import { DIGITS_FILE, parseDigits } from "./digits.ts";
import { idxNames, parseIdxDataset } from "./idx.ts";

/** Datasets with published files, that is, all but image folders. */
export type OfficialId = Exclude<DatasetId, "folder">;

/** The file names that the reader of a dataset looks for. */
export function officialNames(id: OfficialId): readonly string[] {
  if (isCifar(id)) return cifarFiles(id);
  if (id === "digits") return [DIGITS_FILE, "digits.csv"];
  return Object.values(IDX_FILES).flatMap(idxNames);
}

/**
 * Reads the official files at a path, by base name. If a name occurs more than once, the one nearest to the top is used.
 *
 * @throws UserError as `readSource`
 */
export async function officialFiles(
  id: OfficialId,
  foundAt: string,
  { signal, onProgress }: Pick<DatasetLocations, "signal" | "onProgress">,
): Promise<Map<string, Uint8Array>> {
  const names = new Set(officialNames(id));
  if ((await sourceKind(foundAt)) === "file" && id === "digits")
    return new Map([[basename(foundAt).endsWith(".gz") ? DIGITS_FILE : "digits.csv", await readFile(foundAt)]]);
  const depthOf = new Map<string, number>();
  const files = new Map<string, Uint8Array>();
  await readSource(foundAt, {
    // Two folders deep is enough, and does not read other datasets that are stored below the same folder.
    wanted: (name) => names.has(basename(name)) && name.split("/").length <= 3,
    onEntry: ({ name, bytes }) => {
      const base = basename(name);
      const depth = name.split("/").length;
      if ((depthOf.get(base) ?? Infinity) <= depth) return;
      depthOf.set(base, depth);
      files.set(base, bytes);
    },
    ...(signal === undefined ? {} : { signal }),
    onBytes: (done, total) => onProgress?.({ phase: "read", what: foundAt, done, total, unit: "bytes" }),
  });
  return files;
}

/**
 * Parses the official files of a dataset.
 *
 * @param files by base name
 * @param foundAt for messages
 * @throws UserError `dataset-missing`, `dataset-incomplete`, `dataset-damaged`, `archive-damaged`
 */
export function parseOfficial(id: OfficialId, files: ReadonlyMap<string, Uint8Array>, foundAt: string): RawDataset {
  if (isCifar(id)) return parseCifar(id, files, foundAt);
  if (id !== "digits") return parseIdxDataset(id, files, foundAt);
  const bytes = files.get(DIGITS_FILE) ?? files.get("digits.csv");
  if (bytes !== undefined) return parseDigits(bytes, foundAt);
  throw new UserError(`${CATALOG.digits.name} was not found: there is no ${DIGITS_FILE} at ${foundAt}.`, {
    code: "dataset-missing",
    file: foundAt,
    remedy: `Use the path of a folder or archive that contains ${DIGITS_FILE}.`,
  });
}
