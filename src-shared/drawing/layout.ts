import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api.js";
import type { DrawingNode, Graph, GraphEdge } from "./graph.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedNode extends DrawingNode {
  readonly x: number;
  readonly y: number;
  readonly level: number;
}

export interface PlacedEdge extends GraphEdge {
  readonly points: readonly Point[];
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
  /** False for the simple fallback layout. */
  readonly exact: boolean;
}

export type Direction = "down" | "right";
/** The layout engine (elkjs); in the window it runs in a worker. */
export type Engine = (graph: ElkNode) => Promise<ElkNode>;

/** Lays out a graph in levels with few edge crossings; falls back to the simple layout if the engine fails. */
export async function layout(graph: Graph, direction: Direction, engine: Engine): Promise<Layout> {
  if (graph.nodes.length === 0) return { width: 0, height: 0, nodes: [], edges: [], exact: true };
  try {
    return fromElk(graph, await engine(toElk(graph, direction)));
  } catch {
    return simpleLayout(graph, direction);
  }
}

function toElk(graph: Graph, direction: Direction): ElkNode {
  return {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": direction === "down" ? "DOWN" : "RIGHT",
      "elk.edgeRouting": "ORTHOGONAL",
      "elk.layered.spacing.nodeNodeBetweenLayers": "34",
      "elk.spacing.nodeNode": "22",
      "elk.spacing.edgeNode": "14",
      "elk.spacing.edgeEdge": "9",
      "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
      "elk.layered.spacing.edgeNodeBetweenLayers": "11",
      "elk.layered.thoroughness": "20",
      "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
      "elk.layered.nodePlacement.bk.fixedAlignment": "BALANCED",
      "elk.layered.considerModelOrder.strategy": "PREFER_EDGES",
      "elk.padding": "[top=12,left=12,bottom=12,right=12]",
    },
    children: graph.nodes.map((node) => ({
      id: node.id,
      width: node.width,
      height: node.height,
      ...(node.id === "out" || node.id === "classifier"
        ? { layoutOptions: { "elk.layered.layering.layerConstraint": "LAST" } }
        : node.family === "port"
          ? { layoutOptions: { "elk.layered.layering.layerConstraint": "FIRST" } }
          : {}),
    })),
    edges: graph.edges.map((edge) => ({ id: edge.id, sources: [edge.from], targets: [edge.to] })),
  };
}

function fromElk(graph: Graph, placed: ElkNode): Layout {
  const children = new Map((placed.children ?? []).map((child) => [child.id, child]));
  const levels = levelsOf(graph);
  const nodes = graph.nodes.map((node): PlacedNode => {
    const child = children.get(node.id);
    if (child?.x === undefined || child.y === undefined) throw new Error(`The layout lacks node ${node.id}.`);
    return { ...node, x: child.x, y: child.y, level: levels.get(node.id) ?? 0 };
  });
  const routed = new Map((placed.edges ?? []).map((edge: ElkExtendedEdge) => [edge.id, edge]));
  const edges = graph.edges.map((edge): PlacedEdge => {
    const section = routed.get(edge.id)?.sections?.[0];
    if (section === undefined) throw new Error(`The layout lacks edge ${edge.id}.`);
    return { ...edge, points: [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] };
  });
  return { width: placed.width ?? 0, height: placed.height ?? 0, nodes, edges, exact: true };
}

/** Longest path from a source to each node. Edges that close a cycle are ignored. */
function levelsOf(graph: Graph): Map<string, number> {
  const levels = new Map(graph.nodes.map((node) => [node.id, 0]));
  for (let round = 0; round < graph.nodes.length; round++) {
    let moved = false;
    for (const { from, to } of graph.edges) {
      const wanted = (levels.get(from) ?? 0) + 1;
      if ((levels.get(to) ?? 0) < wanted && wanted < graph.nodes.length) {
        levels.set(to, wanted);
        moved = true;
      }
    }
    if (!moved) break;
  }
  return levels;
}

/** Fallback layout: levels by longest path, order by the mean position of the predecessors, straight edges. */
export function simpleLayout(graph: Graph, direction: Direction): Layout {
  const levels = levelsOf(graph);
  const rows: DrawingNode[][] = [];
  for (const node of graph.nodes) {
    const level = levels.get(node.id) ?? 0;
    const row = rows[level] ?? [];
    row.push(node);
    rows[level] = row;
  }
  const GAP = 24;
  const LEVEL = 64;
  const centre = new Map<string, number>();
  const placed = new Map<string, PlacedNode>();
  const widest = Math.max(...rows.map((row) => (row ?? []).reduce((sum, node) => sum + node.width + GAP, 0)));
  rows.forEach((row, level) => {
    const wish = (node: DrawingNode): number => {
      const before = graph.edges
        .filter((edge) => edge.to === node.id)
        .map((edge) => centre.get(edge.from))
        .filter((x): x is number => x !== undefined);
      return before.length === 0 ? widest / 2 : before.reduce((sum, x) => sum + x, 0) / before.length;
    };
    const ordered = [...row].sort((a, b) => wish(a) - wish(b));
    let x = (widest - ordered.reduce((sum, node) => sum + node.width + GAP, -GAP)) / 2;
    for (const node of ordered) {
      centre.set(node.id, x + node.width / 2);
      placed.set(
        node.id,
        direction === "down"
          ? { ...node, x: x + 12, y: level * LEVEL + 12, level }
          : { ...node, x: level * 150 + 12, y: (x / widest) * rows.length * 40 + 12, level },
      );
      x += node.width + GAP;
    }
  });
  const nodes = graph.nodes.flatMap((node) => placed.get(node.id) ?? []);
  const edges = graph.edges.flatMap((edge): PlacedEdge[] => {
    const from = placed.get(edge.from);
    const to = placed.get(edge.to);
    if (from === undefined || to === undefined) return [];
    const points =
      direction === "down"
        ? [
            { x: from.x + from.width / 2, y: from.y + from.height },
            { x: to.x + to.width / 2, y: to.y },
          ]
        : [
            { x: from.x + from.width, y: from.y + from.height / 2 },
            { x: to.x, y: to.y + to.height / 2 },
          ];
    return [{ ...edge, points }];
  });
  return {
    width: Math.max(...nodes.map((node) => node.x + node.width)) + 12,
    height: Math.max(...nodes.map((node) => node.y + node.height)) + 12,
    nodes,
    edges,
    exact: false,
  };
}

/** A polyline with rounded corners as an SVG path. */
export function edgePath(points: readonly Point[], radius = 7): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${round(first.x)} ${round(first.y)}`;
  rest.forEach((point, i) => {
    const before = points[i] ?? first;
    const after = rest[i + 1];
    if (after === undefined) {
      path += `L${round(point.x)} ${round(point.y)}`;
      return;
    }
    const r = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2);
    const a = towards(point, before, r);
    const b = towards(point, after, r);
    path += `L${round(a.x)} ${round(a.y)}Q${round(point.x)} ${round(point.y)} ${round(b.x)} ${round(b.y)}`;
  });
  return path;
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function towards(from: Point, to: Point, by: number): Point {
  const length = distance(from, to) || 1;
  return { x: from.x + ((to.x - from.x) * by) / length, y: from.y + ((to.y - from.y) * by) / length };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
