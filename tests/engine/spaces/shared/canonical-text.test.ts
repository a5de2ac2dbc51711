/** Canonical texts of cells with many similar nodes: any valid cell may arrive from a window or a file, so none may take long. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../../../src-main/engine/random.ts";
import { canonicalText, type LabelledNode } from "../../../../src-main/engine/spaces/shared/canonical-text.ts";
import { INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";

type Nodes = readonly LabelledNode[];
const node = (label: string, ...inputs: readonly number[]): LabelledNode => ({ label, inputs });
const several = (count: number, make: (i: number) => LabelledNode): Nodes => Array.from({ length: count }, (_, i) => make(i));
/** Vertices as nodes on the first input, edges as nodes that read two of them: any graph as a cell. */
const graph = (vertices: number, edges: readonly (readonly [number, number])[]): Nodes => [
  ...several(vertices, () => node("v", 0)),
  ...edges.map(([a, b]) => node("e", INPUT_NODES + a, INPUT_NODES + b)),
];

const SYMMETRIC: Readonly<Record<string, Nodes>> = {
  "54 equal nodes": several(54, () => node("a", 0)),
  "64 equal nodes of both inputs": several(64, () => node("a", 0, 1)),
  "31 equal chains": [...several(31, () => node("a", 0)), ...several(31, (i) => node("a", INPUT_NODES + i))],
  "a cycle of 31": graph(
    31,
    Array.from({ length: 31 }, (_, i) => [i, (i + 1) % 31] as const),
  ),
  "ten triangles": graph(
    30,
    Array.from({ length: 30 }, (_, i) => [i, i - (i % 3) + ((i + 1) % 3)] as const),
  ),
  "a cube of four dimensions": graph(
    16,
    Array.from({ length: 16 }, (_, v) => [1, 2, 4, 8].filter((bit) => (v & bit) === 0).map((bit) => [v, v | bit] as const)).flat(),
  ),
  "the Shrikhande graph": graph(
    16,
    Array.from({ length: 16 }, (_, v) => [1, 4, 5].map((step) => [v, ((((v >> 2) + (step >> 2)) & 3) << 2) | ((v + step) & 3)] as const)).flat(),
  ),
};

function outputsOf(nodes: Nodes): number[] {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return nodes.map((_, i) => INPUT_NODES + i).filter((index) => !read.has(index));
}

/** The same nodes in another order, inputs before their readers. */
function shuffled(nodes: Nodes, rng: Rng): Nodes {
  const place = new Map<number, number>([
    [0, 0],
    [1, 1],
  ]);
  const order: LabelledNode[] = [];
  const left = new Set(nodes.keys());
  while (left.size > 0) {
    const next = rng.choice([...left].filter((i) => nodes[i]?.inputs.every((input) => place.has(input))));
    left.delete(next);
    place.set(INPUT_NODES + next, INPUT_NODES + order.length);
    const { label, inputs } = nodes[next] ?? node("", 0);
    order.push({ label, inputs: inputs.map((input) => place.get(input) ?? 0) });
  }
  return order;
}

describe("a symmetric cell", () => {
  // Without pruning by automorphisms, one text of the first takes half a minute.
  it.each(Object.entries(SYMMETRIC))("has its text in a moment, whatever the order of its nodes: %s", { timeout: 20_000 }, (_name, nodes) => {
    const rng = Rng.fromSeed(7, "canonical");
    const text = canonicalText(nodes, outputsOf(nodes));
    const other = shuffled(nodes, rng);
    expect(canonicalText(other, outputsOf(other))).toBe(text);
  });

  it("differs from one that refinement cannot distinguish from it", () => {
    const cycle = graph(
      6,
      [0, 1, 2, 3, 4, 5].map((i) => [i, (i + 1) % 6] as const),
    );
    const triangles = graph(
      6,
      [0, 1, 2, 3, 4, 5].map((i) => [i, i - (i % 3) + ((i + 1) % 3)] as const),
    );
    expect(canonicalText(cycle, outputsOf(cycle))).not.toBe(canonicalText(triangles, outputsOf(triangles)));
  });
});
