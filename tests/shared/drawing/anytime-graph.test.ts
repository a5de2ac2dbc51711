import { describe, expect, it } from "vitest";
import type { AnytimeArchitecture } from "../../../src-shared/domain/architecture/anytime.ts";
import { anytimeCellGraph, anytimeDescription, exitNumber } from "../../../src-shared/drawing/anytime-graph.ts";

const ARCHITECTURE: AnytimeArchitecture = {
  scales: 3,
  cells: [
    {
      nodes: [
        { operation: "conv3x3", inputs: [0], scale: 0, exit: true },
        { operation: "maxPool3x3", inputs: [1, 2], scale: 2, exit: false },
        { operation: "conv5x5", inputs: [2], scale: 1, exit: false },
      ],
    },
    { nodes: [{ operation: "conv1x1", inputs: [0, 1], scale: 1, exit: true }] },
  ],
};
const EXITS = [{ node: { cell: 1, node: 2 } }, { node: { cell: 0, node: 2 } }];

describe("drawings of anytime networks", () => {
  it("mark nodes with an exit and number them as they answer, and name scales of the whole image", () => {
    const { nodes, edges } = anytimeCellGraph(ARCHITECTURE, 0, EXITS);
    expect(nodes.map(({ label, exit }) => [label, exit ?? false])).toEqual([
      ["stem", false],
      ["stem", false],
      ["3×3 conv @ 1 → exit 2", true],
      ["3×3 max @ 1/4", false],
      ["5×5 conv @ 1/2", false],
      ["concat", false],
    ]);
    expect(edges.map(({ from, to }) => `${from}>${to}`)).toEqual(["n0>n2", "n1>n3", "n2>n3", "n2>n4", "n3>out", "n4>out"]);
    expect(exitNumber(EXITS, 1, 2)).toBe(1);
    expect(exitNumber(EXITS, 0, 3)).toBe(0);
  });

  it("begin a cell at half the size of the one before, and end the network with its exits", () => {
    const { nodes, edges } = anytimeCellGraph(ARCHITECTURE, 1);
    expect(nodes.map(({ label }) => label)).toEqual(["cell 1", "stem", "1×1 conv @ 1/4 → exit"]);
    expect(edges).toHaveLength(2);
  });

  it("are told in words", () => {
    expect(anytimeDescription(ARCHITECTURE)).toBe(
      "Cell 1: node 2: 3×3 conv at 1 of stem, exit; node 3: 3×3 max at 1/4 of stem and node 2; node 4: 5×5 conv at 1/2 of node 2. Cell 2: node 2: 1×1 conv at 1/4 of cell 1 and stem, exit.",
    );
  });
});
