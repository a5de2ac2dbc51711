import { networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { datasetConfigSchema } from "../../../src-shared/domain/dataset.ts";
import { call } from "../../bridge/studio.ts";
import { readCellFile } from "../../features/cells/read-cell-file.ts";
import { type DeskCell, useCellDesk } from "../../stores/cell-desk.ts";

/** Network and dataset for a cell that has none: those of the other cell, otherwise the defaults. */
function settingOf(beside: DeskCell | null): Pick<DeskCell, "network" | "dataset"> {
  return { network: beside?.network ?? networkConfigSchema.parse({}), dataset: beside?.dataset ?? datasetConfigSchema.parse({}) };
}

/** Reads a cell file or a genotype. Returns its id in the cell desk. @throws Error as {@link readCellFile} */
export async function importCell(file: File, beside: DeskCell | null): Promise<string> {
  return useCellDesk().put({ ...(await readCellFile(file)), ...settingOf(beside), from: `File ${file.name}` });
}

/** Samples a random cell of the standard space. */
export async function addRandomCell(beside: DeskCell | null): Promise<string> {
  const setting = settingOf(beside);
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const [cell] = await call("cells.sample", { space: searchSpaceSchema.parse({ nodes: 9 }), ...setting, seed: seed % 2 ** 31, count: 1 });
  if (cell === undefined) throw new Error("No cell was sampled.");
  return useCellDesk().put({ name: `random ${seed % 10_000}`, architecture: cell.architecture, ...setting, from: `Random cell, seed ${seed % 2 ** 31}` });
}
