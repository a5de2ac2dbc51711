import { defineStore } from "pinia";
import { z } from "zod";
import { architectureSchema, networkConfigSchema } from "../../src-shared/domain/architecture/network.ts";
import { datasetConfigSchema } from "../../src-shared/domain/dataset.ts";
import { useSettings } from "./preferences/settings.ts";

/** A cell opened on the Cells page: from a run, a file or a random sample. */
const deskCellSchema = z.object({
  id: z.string().min(1).max(40),
  name: z.string().max(200),
  architecture: architectureSchema,
  network: networkConfigSchema,
  dataset: datasetConfigSchema,
  /** Source of the cell, for display. */
  from: z.string().max(300),
});
export type DeskCell = z.infer<typeof deskCellSchema>;

const MOST = 24;

/** Cells opened on the Cells page, stored with the settings so that reloads and links work. */
export const useCellDesk = defineStore("cell-desk", () => {
  const cells = useSettings().setting("ui.cell-desk", z.array(deskCellSchema).max(MOST), []);

  /** Adds a cell and returns its id; a cell that is already present keeps its id. */
  function put(cell: Omit<DeskCell, "id">): string {
    const key = (entry: Omit<DeskCell, "id">): string => JSON.stringify([entry.architecture, entry.network, entry.dataset, entry.name]);
    const known = cells.value.find((entry) => key(entry) === key(cell));
    if (known !== undefined) return known.id;
    const taken = new Set(cells.value.map((entry) => Number(entry.id.slice(1))));
    const id = `d${Math.max(0, ...taken) + 1}`;
    cells.value = [...cells.value, { ...cell, name: cell.name.slice(0, 200), from: cell.from.slice(0, 300), id }].slice(-MOST);
    return id;
  }

  function take(id: string): DeskCell | null {
    return cells.value.find((entry) => entry.id === id) ?? null;
  }

  function remove(id: string): void {
    cells.value = cells.value.filter((entry) => entry.id !== id);
  }

  return { cells, put, take, remove };
});
