import type { NetworkConfig } from "../../../../src-shared/domain/architecture/network.ts";
import { edge } from "../../../../src-shared/drawing/graph.ts";
import type { Layout, PlacedEdge, PlacedNode, Point } from "../../../../src-shared/drawing/layout.ts";

const GAP = 54;
const SIDE = 46;

/** The whole network: the layout of the cell repeated per block, with the edges between blocks. */
export function stackLayout(normal: Layout, reduction: Layout | null, network: NetworkConfig): Layout {
  const nodes: PlacedNode[] = [];
  const edges: PlacedEdge[] = [];
  const width = Math.max(normal.width, reduction?.width ?? 0) + 2 * SIDE;
  const port = (id: string, label: string, description: string, node: number, y: number): PlacedNode => ({
    id,
    label,
    description,
    family: "port",
    width: 120,
    height: 28,
    mark: "same",
    node,
    block: null,
    level: 0,
    x: width / 2 - 60,
    y,
  });
  nodes.push(port("stem", "stem", "First convolution of the network.", -1, 0));
  const exits: Point[] = [{ x: width / 2, y: 28 }];
  const exitIds: string[] = ["stem"];
  let top = 28 + GAP;
  for (let block = 0; block < network.blocks; block++) {
    const own = network.reductions.includes(block) && reduction !== null ? reduction : normal;
    const left = (width - own.width) / 2;
    const rename = (id: string): string => `${block}:${id}`;
    const inputs = new Map<number, Point>();
    for (const node of own.nodes) {
      const placed = { ...node, id: rename(node.id), block, x: node.x + left, y: node.y + top };
      nodes.push(placed);
      if (node.node === 0 || node.node === 1) inputs.set(node.node, { x: placed.x + placed.width / 2, y: placed.y });
    }
    for (const entry of own.edges)
      edges.push({
        ...entry,
        id: rename(entry.id),
        from: rename(entry.from),
        to: rename(entry.to),
        points: entry.points.map((point) => ({ x: point.x + left, y: point.y + top })),
      });
    for (const input of [0, 1]) {
      const to = inputs.get(input);
      const at = Math.max(0, exits.length - 1 - input);
      const from = exits[at];
      if (to === undefined || from === undefined) continue;
      const points = input === 0 || at === exits.length - 1 ? near(from, to) : around(from, to, block % 2 === 0 ? SIDE / 3 : width - SIDE / 3);
      edges.push({ ...edge(exitIds[at] ?? "stem", rename(`n${input}`)), id: `x${block}-${input}`, points });
    }
    const out = own.nodes.find((node) => node.id === "out");
    exits.push(out === undefined ? { x: width / 2, y: top + own.height } : { x: out.x + left + out.width / 2, y: out.y + top + out.height });
    exitIds.push(rename("out"));
    top += own.height + GAP;
  }
  nodes.push(port("classifier", "pool · classifier", "Global average pooling and the linear classifier.", -2, top));
  const last = exits.at(-1);
  if (last !== undefined) edges.push({ ...edge(exitIds.at(-1) ?? "stem", "classifier"), points: near(last, { x: width / 2, y: top }) });
  return { width, height: top + 28, nodes, edges, exact: normal.exact };
}

function near(from: Point, to: Point): Point[] {
  const middle = to.y - 18;
  return Math.abs(from.x - to.x) < 1 ? [from, to] : [from, { x: from.x, y: middle }, { x: to.x, y: middle }, to];
}

function around(from: Point, to: Point, side: number): Point[] {
  return [from, { x: from.x, y: from.y + 12 }, { x: side, y: from.y + 12 }, { x: side, y: to.y - 30 }, { x: to.x, y: to.y - 30 }, to];
}
