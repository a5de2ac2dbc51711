import type { Layout, PlacedNode } from "../../../src-shared/drawing/layout.ts";

export type Way = "up" | "down" | "left" | "right";

/** The target node of an arrow key: the nearest one in that direction, preferring connected nodes. */
export function neighbour(layout: Layout, from: PlacedNode, way: Way): PlacedNode | null {
  const linked = new Set(layout.edges.flatMap((edge) => (edge.from === from.id ? [edge.to] : edge.to === from.id ? [edge.from] : [])));
  const [cx, cy] = centre(from);
  let best: PlacedNode | null = null;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const node of layout.nodes) {
    if (node.id === from.id) continue;
    const [x, y] = centre(node);
    const along = way === "up" ? cy - y : way === "down" ? y - cy : way === "left" ? cx - x : x - cx;
    const across = Math.abs(way === "up" || way === "down" ? x - cx : y - cy);
    if (along < 6) continue;
    const cost = along + 2 * across - (linked.has(node.id) ? 60 : 0);
    if (cost < bestCost) [best, bestCost] = [node, cost];
  }
  return best;
}

function centre(node: PlacedNode): [number, number] {
  return [node.x + node.width / 2, node.y + node.height / 2];
}
