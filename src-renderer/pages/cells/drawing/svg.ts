import type { Family } from "../../../../src-shared/drawing/graph.ts";
import type { Layout } from "../../../../src-shared/drawing/layout.ts";
import { arrowHead, type DrawingColors, escapeXml, FONT_STACK, layoutSvg } from "../../../../src-shared/drawing/svg.ts";

/** A drawing as a standalone SVG document in the colours of the window. */
export function cellSvg(layout: Layout, color: (variable: string) => string): string {
  const families: readonly Family[] = ["identity", "conv", "sep", "dil", "pool", "port"];
  const byFamily = (name: (family: Family) => string): DrawingColors["fill"] =>
    Object.fromEntries(families.map((family) => [family, color(name(family))])) as Record<Family, string>;
  const colors: DrawingColors = {
    surface: color("--surface"),
    text: color("--op-text"),
    secondary: color("--op-text"),
    edge: color("--line-strong"),
    added: color("--good"),
    removed: color("--bad"),
    changed: color("--warn"),
    exit: { fill: color("--surface"), line: color("--bad") },
    fill: byFamily((family) => `--op-${family}`),
    line: byFamily((family) => `--op-${family}-line`),
  };
  const [width, height] = [Math.ceil(layout.width), Math.ceil(layout.height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeXml(FONT_STACK)}" font-size="12">`,
    `<rect width="100%" height="100%" fill="${colors.surface}"/>`,
    arrowHead(colors),
    layoutSvg(layout, colors),
    "</svg>",
  ].join("");
}
