/** Drawings of architectures as SVG and PNG, laid out in layers with few crossings by elkjs. */
import type { ELK, ElkNode } from "elkjs/lib/elk-api.js";
import type { AnytimeArchitecture, AnytimeNodeRef } from "../../src-shared/domain/architecture/anytime.ts";
import type { Architecture } from "../../src-shared/domain/architecture/network.ts";
import { anytimeCellGraph, anytimeDescription } from "../../src-shared/drawing/anytime-graph.ts";
import { cellGraph, withoutIdleInputs } from "../../src-shared/drawing/graph.ts";
import { layout } from "../../src-shared/drawing/layout.ts";
import { DARK_DRAWING, LIGHT_DRAWING, type Panel, pictureSvg } from "../../src-shared/drawing/svg.ts";
import { architectureDescription } from "../../src-shared/drawing/words.ts";

/** The layout engine and the image library are loaded with the first picture, because most commands do not draw any. */
async function loadElk(): Promise<new () => ELK> {
  // elkjs is CommonJS: in Node, the class is the module itself, although the types declare `default`.
  return (await import("elkjs/lib/elk.bundled.js")).default as unknown as new () => ELK;
}

async function loadSharp(): Promise<typeof import("sharp").default> {
  return (await import("sharp")).default;
}

export interface PictureOptions {
  readonly title: string;
  /** A line below the drawing: counts, accuracy. */
  readonly caption?: string;
  readonly theme?: "light" | "dark";
}

/** An architecture as an SVG document: one drawing, or the normal and the reduction cell side by side. */
export async function architectureSvg(architecture: Architecture, options: PictureOptions): Promise<string> {
  const Elk = await loadElk();
  const elk = new Elk();
  const engine = (graph: ElkNode): Promise<ElkNode> => elk.layout(graph);
  const draw = async (cell: Architecture["normal"], heading: string): Promise<Panel> => ({
    heading,
    layout: await layout(withoutIdleInputs(cellGraph(cell)), "down", engine),
  });
  const panels =
    architecture.reduction === undefined
      ? [await draw(architecture.normal, options.title)]
      : [await draw(architecture.normal, `${options.title}: normal cell`), await draw(architecture.reduction, "Reduction cell")];
  return pictureSvg(
    panels,
    { title: options.title, description: architectureDescription(architecture), ...(options.caption === undefined ? {} : { caption: options.caption }) },
    options.theme === "dark" ? DARK_DRAWING : LIGHT_DRAWING,
  );
}

/**
 * A network with several exits as an SVG document: its cells side by side, with exit nodes in red (figures 8 to 10 of the paper).
 * @param exits in order of cost
 */
export async function anytimeSvg(
  architecture: AnytimeArchitecture,
  exits: readonly { readonly node: AnytimeNodeRef | null }[],
  options: PictureOptions,
): Promise<string> {
  const Elk = await loadElk();
  const elk = new Elk();
  const engine = (graph: ElkNode): Promise<ElkNode> => elk.layout(graph);
  const panels: Panel[] = [];
  for (const cell of architecture.cells.keys()) {
    const heading = cell === 0 ? `${options.title}: cell 1` : `Cell ${cell + 1}`;
    panels.push({ heading, layout: await layout(withoutIdleInputs(anytimeCellGraph(architecture, cell, exits)), "down", engine) });
  }
  return pictureSvg(
    panels,
    { title: options.title, description: anytimeDescription(architecture), ...(options.caption === undefined ? {} : { caption: options.caption }) },
    options.theme === "dark" ? DARK_DRAWING : LIGHT_DRAWING,
  );
}

/** An SVG as PNG bytes, with `scale` pixels per unit and the machine's fonts. */
export async function svgToPng(svg: string, scale = 2): Promise<Buffer> {
  const sharp = await loadSharp();
  return sharp(Buffer.from(svg), { density: 72 * scale })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

let fonts: Promise<boolean> | null = null;

/** Whether this machine has any font: without one, a PNG would show boxes without labels. */
export function canDrawText(): Promise<boolean> {
  fonts ??= (async () => {
    const probe = `<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" font-family="sans-serif" font-size="12"><rect width="60" height="20" fill="#fff"/><text x="2" y="14">3×3 sep</text></svg>`;
    try {
      const sharp = await loadSharp();
      const { channels } = await sharp(Buffer.from(probe)).stats();
      return (channels[0]?.min ?? 255) < 128;
    } catch {
      return false;
    }
  })();
  return fonts;
}
