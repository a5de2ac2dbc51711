import { describe, expect, it } from "vitest";
import { Rng } from "../../../../src-main/engine/random.ts";
import { canonicalForm } from "../../../../src-main/engine/spaces/cell/canonical.ts";
import { sampleCell } from "../../../../src-main/engine/spaces/cell/sampler.ts";
import { type Cell, cellSchema, INPUT_NODES, outputNodes } from "../../../../src-shared/domain/architecture/cell.ts";
import { OPERATIONS } from "../../../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) => Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]));
}

/** The smallest text over all renumberings, whether topological or not. */
function bruteForce(cell: Cell): string {
  const outputs = new Set(outputNodes(cell));
  const texts = permutations(cell.nodes.length).map((order) => {
    const place = (index: number): number => (index < INPUT_NODES ? index : INPUT_NODES + order.indexOf(index - INPUT_NODES));
    return order
      .map((i) => {
        const node = cell.nodes[i];
        return `${node?.operation}(${node?.inputs.map(place).sort((a, b) => a - b)})${outputs.has(INPUT_NODES + i)}`;
      })
      .join(" ");
  });
  return texts.sort()[0] ?? "";
}

/** The same cell with its nodes in another topological order. */
function renumbered(cell: Cell, rng: Rng): Cell {
  const order: number[] = [];
  const left = new Set(cell.nodes.keys());
  while (left.size > 0) {
    const ready = [...left].filter((i) => cell.nodes[i]?.inputs.every((input) => input < INPUT_NODES || !left.has(input - INPUT_NODES)));
    const next = rng.choice(ready);
    order.push(next);
    left.delete(next);
  }
  const place = (index: number): number => (index < INPUT_NODES ? index : INPUT_NODES + order.indexOf(index - INPUT_NODES));
  return {
    nodes: order.map((i) => ({ operation: cell.nodes[i]?.operation ?? "identity", inputs: rng.shuffle((cell.nodes[i]?.inputs ?? []).map(place)) })),
    ...(cell.output === undefined ? {} : { output: rng.shuffle(cell.output.map(place)) }),
  };
}

const space = (operations: number, nodes: number, maxInputs = 2) => searchSpaceSchema.parse({ operations: OPERATIONS.slice(0, operations), nodes, maxInputs });

describe("canonical form", () => {
  it.each([
    { operations: 1, nodes: 4, maxInputs: 2 },
    { operations: 2, nodes: 4, maxInputs: 2 },
    { operations: 1, nodes: 5, maxInputs: 1 },
    { operations: 2, nodes: 5, maxInputs: 3 },
  ])("tells cells apart exactly as all renumberings do: $operations operations, $nodes nodes, $maxInputs inputs", ({ operations, nodes, maxInputs }) => {
    const rng = Rng.fromSeed(1, "canonical");
    const byForm = new Map<string, string>();
    const byForce = new Map<string, string>();
    let last: Cell | undefined;
    for (let i = 0; i < 300; i++) {
      const drawn = sampleCell(space(operations, nodes, maxInputs), rng);
      const cell: Cell =
        last !== undefined && i % 4 === 3
          ? renumbered(last, rng)
          : i % 3 === 0
            ? { ...drawn, output: [INPUT_NODES + rng.int(nodes), ...outputNodes(drawn)].filter((v, at, all) => all.indexOf(v) === at) }
            : drawn;
      last = cell;
      const [form, slow] = [canonicalForm(cell), bruteForce(cell)];
      expect(byForm.get(form) ?? slow).toBe(slow);
      expect(byForce.get(slow) ?? form).toBe(form);
      byForm.set(form, slow);
      byForce.set(slow, form);
    }
    expect(byForm.size).toBeGreaterThan(20);
    expect(byForm.size).toBeLessThan(300);
  });

  it("does not change with the order of nodes and inputs", () => {
    const rng = Rng.fromSeed(2, "canonical");
    for (const nodes of [3, 7, 17, 40]) {
      for (const operations of [1, 2, 9]) {
        for (let i = 0; i < 8; i++) {
          const cell = sampleCell(space(operations, nodes), rng);
          const other = renumbered(cell, rng);
          expect(cellSchema.safeParse(other).success).toBe(true);
          expect(canonicalForm(other)).toBe(canonicalForm(cell));
        }
      }
    }
  });

  it("changes with an operation, an edge, the input node or the output set", () => {
    const cell: Cell = {
      nodes: [
        { operation: "identity", inputs: [0] },
        { operation: "conv1x1", inputs: [1, 2] },
        { operation: "conv1x1", inputs: [0, 1] },
      ],
    };
    const others: Cell[] = [
      { nodes: [{ operation: "maxPool3x3", inputs: [0] }, ...cell.nodes.slice(1)] },
      { nodes: [{ operation: "identity", inputs: [1] }, ...cell.nodes.slice(1)] },
      { nodes: [...cell.nodes.slice(0, 2), { operation: "conv1x1", inputs: [0, 2] }] },
      { nodes: [...cell.nodes.slice(0, 2), { operation: "conv1x1", inputs: [0] }] },
      { ...cell, output: [2, 3, 4] },
    ];
    const forms = [cell, ...others].map(canonicalForm);
    expect(new Set(forms).size).toBe(forms.length);
    expect(canonicalForm({ ...cell, output: [4, 3] })).toBe(forms[0]);
  });

  it("tells apart what refinement alone cannot: rings of the same nodes but of other lengths", () => {
    // In a ring of length k, k nodes read an input node and k more read two neighbours of these: every node looks like every other.
    const rings = (...lengths: number[]): Cell => {
      const lower = lengths.flatMap((length) => Array.from({ length }, () => ({ operation: "identity" as const, inputs: [0] })));
      const starts = lengths.map((_, i) => INPUT_NODES + lengths.slice(0, i).reduce((sum, length) => sum + length, 0));
      const upper = lengths.flatMap((length, ring) =>
        Array.from({ length }, (_, i) => ({ operation: "conv1x1" as const, inputs: [i, (i + 1) % length].map((at) => (starts[ring] ?? 0) + at) })),
      );
      return { nodes: [...lower, ...upper] };
    };
    const cells = [rings(8), rings(3, 5), rings(4, 4), rings(5, 3)];
    const rng = Rng.fromSeed(4, "canonical");
    const forms = cells.map((cell) => canonicalForm(cell));
    expect(new Set(forms).size).toBe(3);
    expect(forms[3]).toBe(forms[1]);
    for (const [i, cell] of cells.entries()) for (let k = 0; k < 6; k++) expect(canonicalForm(renumbered(cell, rng))).toBe(forms[i]);
  });

  it("stays cheap with many interchangeable nodes", () => {
    const same = { nodes: Array.from({ length: 40 }, () => ({ operation: "identity" as const, inputs: [0] })) };
    const pairs = { nodes: Array.from({ length: 40 }, (_, i) => ({ operation: "identity" as const, inputs: [i % 2 === 0 ? 0 : INPUT_NODES + i - 1] })) };
    const rng = Rng.fromSeed(3, "canonical");
    const start = performance.now();
    for (const cell of [same, pairs]) expect(canonicalForm(renumbered(cell, rng))).toBe(canonicalForm(cell));
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  it("writes a readable text", () => {
    expect(
      canonicalForm({
        nodes: [
          { operation: "conv1x1", inputs: [1, 0] },
          { operation: "identity", inputs: [2] },
        ],
      }),
    ).toBe("conv1x1(0,1) identity(2)*");
  });
});
