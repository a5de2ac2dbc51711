import { networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { datasetConfigSchema } from "../../../src-shared/domain/dataset.ts";
import { call } from "../../bridge/studio.ts";
import { type DeskCell, useCellDesk } from "../../stores/cell-desk.ts";

const BIGGEST_FILE = 1_000_000;

/** Network and dataset for a cell that has none: those of the other cell, otherwise the defaults. */
function settingOf(beside: DeskCell | null): Pick<DeskCell, "network" | "dataset"> {
  return { network: beside?.network ?? networkConfigSchema.parse({}), dataset: beside?.dataset ?? datasetConfigSchema.parse({}) };
}

/** Reads a cell file or a genotype; the main process parses and validates it. Returns its id in the cell desk. */
export async function importCell(file: File, beside: DeskCell | null): Promise<string> {
  if (file.size > BIGGEST_FILE) throw new Error(`${file.name} is larger than 1 MB, too large for a cell file.`);
  const json = await file.text();
  const architecture = await call("cells.parse", { json });
  return useCellDesk().put({
    name: nameIn(json) ?? file.name.replace(/(\.genotype)?\.(json|txt|py)$/i, ""),
    architecture,
    ...settingOf(beside),
    from: `File ${file.name}`,
  });
}

function nameIn(json: string): string | null {
  // Genotypes are named by their file.
  if (!json.trimStart().startsWith("{")) return null;
  const value: unknown = JSON.parse(json);
  const name = typeof value === "object" && value !== null && "name" in value ? value.name : null;
  return typeof name === "string" && name !== "" ? name : null;
}

/** Samples a random cell of the standard space. */
export async function addRandomCell(beside: DeskCell | null): Promise<string> {
  const setting = settingOf(beside);
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const [cell] = await call("cells.sample", { space: searchSpaceSchema.parse({ nodes: 9 }), ...setting, seed: seed % 2 ** 31, count: 1 });
  if (cell === undefined) throw new Error("No cell was sampled.");
  return useCellDesk().put({ name: `random ${seed % 10_000}`, architecture: cell.architecture, ...setting, from: `Random cell, seed ${seed % 2 ** 31}` });
}
