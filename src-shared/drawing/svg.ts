/** A laid-out cell as a standalone SVG document: no style sheet, no scripts, system fonts; for files and the window. */
import { type Family, MARK_SIGNS, type Mark } from "./graph.ts";
import { edgePath, type Layout } from "./layout.ts";

/** Colours of a drawing. Text and lines meet the contrast requirements of WCAG AA. */
export interface DrawingColors {
  readonly surface: string;
  readonly text: string;
  /** Captions. */
  readonly secondary: string;
  readonly edge: string;
  readonly added: string;
  readonly removed: string;
  readonly changed: string;
  /** Nodes with an exit are red, as in figures 8 to 10 of the paper; their labels say so as well. */
  readonly exit: { readonly fill: string; readonly line: string };
  readonly fill: Readonly<Record<Family, string>>;
  readonly line: Readonly<Record<Family, string>>;
}

export const LIGHT_DRAWING: DrawingColors = {
  surface: "#ffffff",
  text: "#1b1c1f",
  secondary: "#5d6066",
  edge: "#74797f",
  added: "#14805a",
  removed: "#b3312c",
  changed: "#a2640d",
  exit: { fill: "#fbdcd9", line: "#b3312c" },
  fill: { identity: "#eceff1", conv: "#e3e9fd", sep: "#dcf2e9", dil: "#ebe4fb", pool: "#fcebd4", port: "#f6f6f4" },
  line: { identity: "#74797f", conv: "#3f5fd0", sep: "#14805a", dil: "#6f4bc2", pool: "#a2640d", port: "#5d6066" },
};

export const DARK_DRAWING: DrawingColors = {
  surface: "#131518",
  text: "#eceef1",
  secondary: "#9aa0a9",
  edge: "#858b94",
  added: "#52c296",
  removed: "#f08a84",
  changed: "#dca655",
  exit: { fill: "#4a1f1d", line: "#f08a84" },
  fill: { identity: "#2a2d32", conv: "#222c4f", sep: "#173428", dil: "#2d2549", pool: "#3a2b15", port: "#1d2024" },
  line: { identity: "#858b94", conv: "#7f9aff", sep: "#52c296", dil: "#ab8ff2", pool: "#dca655", port: "#9aa0a9" },
};

export const FONT_STACK = "Inter, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif";

/** One drawing with an optional heading. */
export interface Panel {
  readonly heading?: string;
  readonly layout: Layout;
}

export interface PictureText {
  /** Title, read first by screen readers. */
  readonly title: string;
  /** Text description of the whole cell. */
  readonly description: string;
  /** A line below the drawings. */
  readonly caption?: string;
}

const MARGIN = 16;
const GAP = 40;
const HEADING = 30;
const CAPTION = 30;

/** Panels side by side, with a title and a description for screen readers. */
export function pictureSvg(panels: readonly Panel[], text: PictureText, colors: DrawingColors = LIGHT_DRAWING): string {
  const top = MARGIN + (panels.some((panel) => panel.heading !== undefined) ? HEADING : 0);
  const widths = panels.map((panel) => Math.max(panel.layout.width, headingWidth(panel.heading)));
  const inner = widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, panels.length - 1);
  const captionWidth = text.caption === undefined ? 0 : text.caption.length * 6.8;
  const width = Math.ceil(Math.max(inner, captionWidth) + 2 * MARGIN);
  const height = Math.ceil(top + Math.max(0, ...panels.map((panel) => panel.layout.height)) + (text.caption === undefined ? 0 : CAPTION) + MARGIN);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeXml(FONT_STACK)}" font-size="12" role="img" aria-labelledby="t d">`,
    `<title id="t">${escapeXml(text.title)}</title>`,
    `<desc id="d">${escapeXml(text.description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="${colors.surface}"/>`,
    arrowHead(colors),
  ];
  let left = (width - inner) / 2;
  panels.forEach((panel, i) => {
    const own = widths[i] ?? 0;
    if (panel.heading !== undefined)
      parts.push(
        `<text x="${round(left + own / 2)}" y="${MARGIN + 14}" text-anchor="middle" font-size="14" font-weight="600" fill="${colors.text}">${escapeXml(panel.heading)}</text>`,
      );
    parts.push(`<g transform="translate(${round(left + (own - panel.layout.width) / 2)} ${top})">${layoutSvg(panel.layout, colors)}</g>`);
    left += own + GAP;
  });
  if (text.caption !== undefined)
    parts.push(`<text x="${round(width / 2)}" y="${height - MARGIN - 4}" text-anchor="middle" fill="${colors.secondary}">${escapeXml(text.caption)}</text>`);
  parts.push("</svg>");
  return `${parts.join("\n")}\n`;
}

/** Edges and nodes of one layout, without the SVG document. */
export function layoutSvg(layout: Layout, colors: DrawingColors): string {
  const marked = (mark: Mark, same: string): string =>
    mark === "added" ? colors.added : mark === "removed" ? colors.removed : mark === "changed" ? colors.changed : same;
  const parts: string[] = [];
  for (const edge of layout.edges) {
    const dash = edge.mark === "removed" ? ' stroke-dasharray="5 4"' : "";
    parts.push(
      `<path d="${edgePath(edge.points)}" fill="none" stroke="${marked(edge.mark, colors.edge)}" stroke-width="${edge.mark === "same" ? 1.3 : 2}"${dash} marker-end="url(#tip)"/>`,
    );
  }
  for (const node of layout.nodes) {
    const dash = node.mark === "removed" ? ' stroke-dasharray="5 4"' : "";
    const label = node.mark === "same" ? node.label : `${MARK_SIGNS[node.mark]} ${node.label}`;
    parts.push(
      `<g><rect x="${round(node.x)}" y="${round(node.y)}" width="${round(node.width)}" height="${round(node.height)}" rx="${node.family === "port" ? node.height / 2 : 6}" fill="${node.exit === true ? colors.exit.fill : colors.fill[node.family]}" stroke="${marked(node.mark, node.exit === true ? colors.exit.line : colors.line[node.family])}" stroke-width="${node.mark === "same" && node.exit !== true ? 1.2 : 2}"${dash}/>` +
        `<text x="${round(node.x + node.width / 2)}" y="${round(node.y + node.height / 2 + 4.2)}" text-anchor="middle" fill="${colors.text}">${escapeXml(label)}</text></g>`,
    );
  }
  return parts.join("\n");
}

/** The arrow head of edges. */
export function arrowHead(colors: DrawingColors): string {
  return `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0.6 7.4 4 0 7.4z" fill="${colors.edge}"/></marker></defs>`;
}

/** Escapes text for XML elements and attributes; characters forbidden in XML are removed. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function headingWidth(heading: string | undefined): number {
  return heading === undefined ? 0 : heading.length * 8.4;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
