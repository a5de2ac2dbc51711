import { describe, expect, it } from "vitest";
import { canonicalArchitecture } from "../../../src-main/engine/cells/canonical.ts";
import { publishedCells } from "../../../src-main/engine/cells/published.ts";
import { buildPlan } from "../../../src-main/engine/network/plan.ts";
import { networkConfigSchema } from "../../../src-shared/domain/network.ts";

const input = { height: 32, width: 32, channels: 3, classes: 10 };
const cells = publishedCells();

describe("published cells", () => {
  it("are there, each with its source", () => {
    expect(cells.map(({ id }) => id).sort()).toEqual(["amoebanet-a", "darts-v2", "enas", "nasnet-a", "pnasnet-5"]);
    for (const { source } of cells) expect(source).toMatch(/\d{4}/);
    expect(new Set(cells.map((cell) => canonicalArchitecture(cell))).size).toBe(cells.length);
  });

  // The setting of each publication. Its own networks differ in details (stride inside the cell, factorised reduction), hence the
  // margin; ENAS leaves open how its count comes about.
  it.each([
    { id: "nasnet-a", initialChannels: 32, blocks: 20, reductions: [6, 13], millions: 3.3 },
    { id: "amoebanet-a", initialChannels: 36, blocks: 20, reductions: [6, 13], millions: 3.2 },
    { id: "darts-v2", initialChannels: 36, blocks: 20, reductions: [6, 13], millions: 3.3 },
    { id: "enas", initialChannels: 36, blocks: 17, reductions: [5, 11], millions: 4.6, margin: 0.25 },
    { id: "pnasnet-5", initialChannels: 48, blocks: 9, reductions: [3, 6], millions: 3.2 },
  ])("$id has about as many parameters as published", ({ id, millions, margin = 0.13, ...network }) => {
    const cell = cells.find((each) => each.id === id);
    if (cell === undefined) throw new Error(id);
    const { parameters } = buildPlan(cell, networkConfigSchema.parse({ ...network, stemMultiplier: 3 }), input).counts;
    expect(Math.abs(parameters / 1e6 / millions - 1)).toBeLessThan(margin);
  });

  it("use every node", () => {
    for (const cell of cells) {
      const { nodes } = buildPlan(cell, networkConfigSchema.parse({}), input);
      const parameterised = nodes.filter(({ operation }) => operation.startsWith("sep"));
      expect(parameterised.every(({ parameters }) => parameters > 0)).toBe(true);
    }
  });
});
