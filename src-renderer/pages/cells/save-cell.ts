import type { Layout } from "../../../src-shared/drawing/layout.ts";
import { fileName, saveFile, saveText, svgToPng } from "../../lib/files.ts";
import type { DeskCell } from "../../stores/cell-desk.ts";
import { cellFile } from "./drawing/pick.ts";
import { cellSvg } from "./drawing/svg.ts";

const variable = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function saveSvg(name: string, layout: Layout): void {
  saveText(`${fileName(name)}.svg`, cellSvg(layout, variable), "image/svg+xml");
}

export async function savePng(name: string, layout: Layout): Promise<void> {
  // A whole network is long; canvases are limited to about 16,000 pixels per side.
  const scale = Math.min(3, 16_000 / Math.max(layout.width, layout.height));
  saveFile(`${fileName(name)}.png`, await svgToPng(cellSvg(layout, variable), Math.ceil(layout.width), Math.ceil(layout.height), scale));
}

export function saveJson(cell: DeskCell): void {
  saveText(`${fileName(cell.name)}.json`, `${JSON.stringify(cellFile(cell.name, cell.architecture, cell.from), null, 2)}\n`, "application/json");
}
