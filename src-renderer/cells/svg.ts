import { MARK_SIGNS } from "./graph.ts";
import { edgePath, type Layout } from "./layout.ts";

/** A drawing as an SVG document of its own: no style sheet, no script, system fonts. */
export function cellSvg(layout: Layout, color: (variable: string) => string): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(layout.width)}" height="${Math.ceil(layout.height)}" viewBox="0 0 ${Math.ceil(layout.width)} ${Math.ceil(layout.height)}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="${color("--surface")}"/>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0.6 7.4 4 0 7.4z" fill="${color("--line-strong")}"/></marker></defs>`,
  ];
  for (const edge of layout.edges) {
    const stroke = edge.mark === "added" ? color("--good") : edge.mark === "removed" ? color("--bad") : color("--line-strong");
    const dash = edge.mark === "removed" ? ' stroke-dasharray="5 4"' : "";
    parts.push(`<path d="${edgePath(edge.points)}" fill="none" stroke="${stroke}" stroke-width="${edge.mark === "same" ? 1.3 : 2}"${dash} marker-end="url(#tip)"/>`);
  }
  for (const node of layout.nodes) {
    const stroke = node.mark === "added" ? color("--good") : node.mark === "removed" ? color("--bad") : node.mark === "changed" ? color("--warn") : color(`--op-${node.family}-line`);
    const dash = node.mark === "removed" ? ' stroke-dasharray="5 4"' : "";
    const label = node.mark === "same" ? node.label : `${MARK_SIGNS[node.mark]} ${node.label}`;
    parts.push(
      `<g><rect x="${node.x}" y="${node.y}" width="${node.width}" height="${node.height}" rx="${node.family === "port" ? node.height / 2 : 6}" fill="${color(`--op-${node.family}`)}" stroke="${stroke}" stroke-width="${node.mark === "same" ? 1.2 : 2}"${dash}/>` +
        `<text x="${node.x + node.width / 2}" y="${node.y + node.height / 2 + 4.2}" text-anchor="middle" fill="${color("--op-text")}">${escape(label)}</text></g>`,
    );
  }
  parts.push("</svg>");
  return parts.join("");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
