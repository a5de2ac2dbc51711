import ELK from "elkjs/lib/elk.bundled.js";
import { describe, expect, it } from "vitest";
import { networkGraph } from "../../../../src-renderer/pages/cells/drawing/network-graph.ts";
import { cellFile, drawnGraph, unionCounts } from "../../../../src-renderer/pages/cells/drawing/pick.ts";
import { stackLayout } from "../../../../src-renderer/pages/cells/drawing/stack.ts";
import { matchNodes, unionGraph } from "../../../../src-renderer/pages/cells/drawing/union.ts";
import { neighbour } from "../../../../src-renderer/widgets/graph/navigate.ts";
import type { Cell } from "../../../../src-shared/domain/architecture/cell.ts";
import { networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import { layout, simpleLayout } from "../../../../src-shared/drawing/layout.ts";
import { random, randomCell } from "../../dev/random.ts";

const elk = new ELK();
const engine = elk.layout.bind(elk);
const a: Cell = {
  nodes: [
    { operation: "conv1x1", inputs: [0] },
    { operation: "sepConv3x3", inputs: [1, 2] },
    { operation: "maxPool3x3", inputs: [3] },
  ],
};

describe("merged drawing of two cells", () => {
  it("marks nothing for identical cells", () => {
    const union = unionGraph(a, a);
    expect(unionCounts(union)).toEqual({ same: 3, added: 0, removed: 0, changed: 0, edges: 0 });
  });

  it("marks a replaced operation as changed and keeps its connections", () => {
    const b: Cell = {
      nodes: [a.nodes[0] ?? { operation: "identity", inputs: [0] }, { operation: "dilConv3x3", inputs: [1, 2] }, { operation: "maxPool3x3", inputs: [3] }],
    };
    const union = unionGraph(a, b);
    expect(unionCounts(union)).toEqual({ same: 2, added: 0, removed: 0, changed: 1, edges: 0 });
    expect(union.nodes.find((node) => node.mark === "changed")?.label).toBe("3×3 sep → 3×3 dil");
  });

  it("marks parts that only one cell has", () => {
    const b: Cell = { nodes: [...a.nodes, { operation: "avgPool3x3", inputs: [0] }] };
    expect(unionCounts(unionGraph(a, b))).toMatchObject({ same: 3, added: 1, removed: 0 });
    expect(unionCounts(unionGraph(b, a))).toMatchObject({ same: 3, added: 0, removed: 1 });
  });

  it("contains every edge of both cells exactly once, for random pairs", () => {
    const next = random(4);
    for (let i = 0; i < 40; i++) {
      const [one, two] = [randomCell(next, 3 + (i % 9)), randomCell(next, 4 + (i % 7))];
      const union = unionGraph(one, two);
      const edges = (cell: Cell): number =>
        cell.nodes.reduce((sum, node) => sum + node.inputs.length, 0) +
        cell.nodes.filter((_, k) => !cell.nodes.some((node) => node.inputs.includes(k + 2))).length;
      const count = (marks: readonly string[]): number => union.edges.filter((edge) => marks.includes(edge.mark)).length;
      expect(count(["same", "removed"])).toBe(edges(one));
      expect(count(["same", "added"])).toBe(edges(two));
      expect(new Set(union.edges.map((edge) => edge.id)).size).toBe(union.edges.length);
      const partners = matchNodes(one, two).filter((partner) => partner >= 0);
      expect(new Set(partners).size).toBe(partners.length);
    }
  });
});

describe("layout", () => {
  it("places all nodes and edges of random cells and unions without overlap", async () => {
    const next = random(11);
    for (let i = 0; i < 6; i++) {
      const graph = drawnGraph(randomCell(next, 17), i % 2 === 0 ? null : randomCell(next, 9));
      const placed = await layout(graph, i % 3 === 0 ? "right" : "down", engine);
      expect(placed.exact).toBe(true);
      expect(placed.nodes.length).toBe(graph.nodes.length);
      expect(placed.edges.length).toBe(graph.edges.length);
      placed.nodes.forEach((one, k) => {
        for (const two of placed.nodes.slice(k + 1)) {
          const apart = one.x + one.width <= two.x || two.x + two.width <= one.x || one.y + one.height <= two.y || two.y + two.height <= one.y;
          expect(apart, `${one.id} and ${two.id} overlap`).toBe(true);
        }
      });
    }
  });

  it("falls back to the simple layout when the engine fails", async () => {
    const placed = await layout(drawnGraph(a, null), "down", () => Promise.reject(new Error("no worker")));
    expect(placed.exact).toBe(false);
    expect(placed).toEqual(simpleLayout(drawnGraph(a, null), "down"));
    const levels = new Map(placed.nodes.map((node) => [node.id, node.y]));
    for (const edge of placed.edges) expect(levels.get(edge.from)).toBeLessThan(levels.get(edge.to) ?? 0);
  });

  it("reaches every node with the arrow keys", async () => {
    const placed = await layout(drawnGraph(randomCell(random(3), 12), null), "down", engine);
    const first = placed.nodes[0];
    const reached = new Set(first === undefined ? [] : [first]);
    for (const node of reached)
      for (const way of ["up", "down", "left", "right"] as const) {
        const next = neighbour(placed, node, way);
        if (next !== null) reached.add(next);
      }
    expect(reached.size).toBe(placed.nodes.length);
  });

  it("repeats the cell per block, each connected to the two previous blocks", async () => {
    const network = networkConfigSchema.parse({ blocks: 5, reductions: [2] });
    const normal = await layout(drawnGraph(a, null), "down", engine);
    const whole = stackLayout(normal, null, network);
    expect(whole.nodes.length).toBe(5 * normal.nodes.length + 2);
    expect(whole.edges.filter((edge) => edge.id.startsWith("x")).map(({ from, to }) => `${from}>${to}`)).toEqual([
      "stem>0:n0",
      "stem>0:n1",
      "0:out>1:n0",
      "stem>1:n1",
      "1:out>2:n0",
      "0:out>2:n1",
      "2:out>3:n0",
      "1:out>3:n1",
      "3:out>4:n0",
      "2:out>4:n1",
    ]);
  });

  it("draws the network as blocks, doubling channels at reductions", () => {
    const graph = networkGraph({ normal: a }, networkConfigSchema.parse({ blocks: 4, initialChannels: 16, reductions: [2] }));
    expect(graph.nodes.map((node) => node.label)).toEqual([
      "stem",
      "1 · normal · 16",
      "2 · normal · 16",
      "3 · normal, ½ size · 32",
      "4 · normal · 32",
      "pool · classifier",
    ]);
  });
});

describe("cell files", () => {
  it("writes files that can be imported again", () => {
    expect(cellFile("best", { normal: a }, "")).toEqual({ format: "ghn-studio-cell", version: 1, name: "best", normal: a });
  });
});
