import { csvOf, fileName, saveFile, saveText, svgToPng } from "../../../lib/files.ts";
import { useToasts } from "../../../stores/toasts.ts";
import type { ChartOption } from "./echarts.ts";
import { svgOf } from "./use-plot.ts";

export interface ChartSource {
  name(): string;
  /** The chart with an opaque background, for export. */
  option(): ChartOption;
  /** Width and height in pixels. */
  size(): readonly [number, number];
  table(): { readonly header: readonly string[]; readonly rows: readonly (readonly (string | number | null)[])[] };
}

export interface ChartExports {
  svg(): void;
  png(): void;
  csv(): void;
}

/** Exports a chart as image and data files. */
export function chartExports(source: ChartSource): ChartExports {
  const svg = (): string => svgOf(source.option(), ...source.size());
  return {
    svg: () => saveText(`${fileName(source.name())}.svg`, svg(), "image/svg+xml"),
    png: () => {
      svgToPng(svg(), ...source.size())
        .then((blob) => saveFile(`${fileName(source.name())}.png`, blob))
        .catch((cause: unknown) => useToasts().error("Could not create the picture", cause));
    },
    csv: () => {
      const { header, rows } = source.table();
      saveText(`${fileName(source.name())}.csv`, csvOf(header, rows), "text/csv");
    },
  };
}
