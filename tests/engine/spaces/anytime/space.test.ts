import { describe, expect, it } from "vitest";
import { Rng } from "../../../../src-main/engine/random.ts";
import { canonicalAnytime } from "../../../../src-main/engine/spaces/anytime/canonical.ts";
import { fitAnytimeChannels } from "../../../../src-main/engine/spaces/anytime/model.ts";
import { buildAnytimePlan } from "../../../../src-main/engine/spaces/anytime/plan.ts";
import { randomNodeCounts, sampleAnytime } from "../../../../src-main/engine/spaces/anytime/sampler.ts";
import { type AnytimeArchitecture, anytimeArchitectureSchema, exitNodes, leavesOf } from "../../../../src-shared/domain/architecture/anytime.ts";
import { anytimeSpaceSchema } from "../../../../src-shared/domain/config/anytime-config.ts";

const PAPER = anytimeSpaceSchema.parse({});

describe("the anytime space", () => {
  it("has the paper's cells, operations, scales and a fixed number of exits", () => {
    const rng = Rng.fromSeed(1, "anytime");
    const scales: Set<number>[] = [new Set(), new Set(), new Set()];
    const operations = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const architecture = sampleAnytime(PAPER, rng);
      expect(anytimeArchitectureSchema.parse(architecture)).toEqual(architecture);
      expect(architecture.cells.map(({ nodes }) => nodes.length)).toEqual([24, 16, 8]);
      expect(exitNodes(architecture)).toHaveLength(10);
      expect(architecture.cells.at(-1)?.nodes.at(-1)?.exit).toBe(true);
      architecture.cells.forEach(({ nodes }, c) => {
        for (const node of nodes) {
          scales[c]?.add(node.scale);
          operations.add(node.operation);
        }
      });
    }
    expect(scales.map((set) => [...set].sort())).toEqual([[0, 1, 2], [0, 1], [0]]);
    expect([...operations].sort()).toEqual(["avgPool3x3", "conv1x1", "conv3x3", "conv5x5", "maxPool3x3"]);
  });

  it("costs at F = 16 what the references cost: 122 million multiply-adds to the last exit, in the middle of 60 networks", () => {
    const rng = Rng.fromSeed(1, "anytime");
    const input = { height: 32, width: 32, channels: 3, classes: 10 };
    const costs = Array.from({ length: 60 }, () => buildAnytimePlan(sampleAnytime(PAPER, rng), { initialChannels: 16 }, input).counts.multiplyAdds).sort(
      (a, b) => a - b,
    );
    const median = ((costs[29] ?? 0) + (costs[30] ?? 0)) / 2;
    // The quartiles are about 20 million apart, so the median of 60 is accurate to about 3 million.
    expect(Math.abs(median - 1.22e8)).toBeLessThan(1e7);
  });

  it("draws exits uniformly but for the last", () => {
    const space = anytimeSpaceSchema.parse({ nodes: [4, 2], exits: 3 });
    const rng = Rng.fromSeed(2, "anytime");
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 4000; i++)
      sampleAnytime(space, rng)
        .cells.flatMap(({ nodes }) => nodes)
        .forEach((node, k) => {
          counts[k] = (counts[k] ?? 0) + (node.exit ? 1 : 0);
        });
    expect(counts[5]).toBe(4000);
    // Two of five nodes: 1600 each, with a deviation of about 31.
    for (const count of counts.slice(0, 5)) expect(Math.abs(count - 1600)).toBeLessThan(150);
  });

  it("trains on 1 node up to each cell's own number", () => {
    const rng = Rng.fromSeed(3, "anytime");
    const seen = [new Set<number>(), new Set<number>(), new Set<number>()];
    for (let i = 0; i < 600; i++) for (const [c, count] of randomNodeCounts(PAPER, rng).entries()) seen[c]?.add(count);
    expect(seen.map((set) => [Math.min(...set), Math.max(...set), set.size])).toEqual([
      [1, 24, 24],
      [1, 16, 16],
      [1, 8, 8],
    ]);
    // With fewer nodes than exits, every node has one.
    expect(exitNodes(sampleAnytime(PAPER, rng, [1, 1, 1]))).toHaveLength(3);
  });

  it("refuses scales that a cell does not have, networks without exits, and unordered nodes", () => {
    const network = (change: Partial<AnytimeArchitecture["cells"][number]["nodes"][number]>): unknown => ({
      scales: 2,
      cells: [
        { nodes: [{ operation: "conv1x1", inputs: [0], scale: 1, exit: false }] },
        { nodes: [{ operation: "conv1x1", inputs: [0], scale: 0, exit: true, ...change }] },
      ],
    });
    const messages = (value: unknown): string[] => anytimeArchitectureSchema.safeParse(value).error?.issues.map((issue) => issue.message) ?? [];
    expect(messages(network({}))).toEqual([]);
    expect(messages(network({ scale: 1 }))).toEqual(["Node 2 of cell 2 has scale 1, but with 2 scales this cell allows scales 0 to 0."]);
    expect(messages(network({ exit: false }))[0]).toContain("No node has an exit");
    expect(messages(network({ inputs: [2] }))[0]).toContain("does not come before it");
    expect(messages(network({ inputs: [0, 0] }))[0]).toContain("lists input 0 twice");
  });
});

describe("canonical form", () => {
  it("does not depend on the order of nodes, but on operation, scale and exit", () => {
    const rng = Rng.fromSeed(4, "anytime");
    const space = anytimeSpaceSchema.parse({ nodes: [6, 3], exits: 3 });
    for (let i = 0; i < 30; i++) {
      const architecture = sampleAnytime(space, rng);
      expect(canonicalAnytime(renumbered(architecture, rng))).toBe(canonicalAnytime(architecture));
      const first = architecture.cells[0]?.nodes[0];
      if (first === undefined) throw new Error("There is no node.");
      const changed = (change: object): AnytimeArchitecture => ({
        ...architecture,
        cells: architecture.cells.map((cell, c) => (c > 0 ? cell : { nodes: cell.nodes.map((node, k) => (k === 0 ? { ...node, ...change } : node)) })),
      });
      for (const change of [{ operation: first.operation === "conv1x1" ? "conv3x3" : "conv1x1" }, { scale: (first.scale + 1) % 3 }, { exit: !first.exit }])
        expect(canonicalAnytime(changed(change))).not.toBe(canonicalAnytime(architecture));
    }
  });

  it("of the paper's 48 nodes takes little time", () => {
    const rng = Rng.fromSeed(5, "anytime");
    const forms = new Set(Array.from({ length: 20 }, () => canonicalAnytime(sampleAnytime(PAPER, rng))));
    expect(forms.size).toBe(20);
  });
});

describe("channels for a budget", () => {
  it("are the most that fit, and one more does not", () => {
    const input = { height: 32, width: 32, channels: 3, classes: 10 };
    const architecture = sampleAnytime(anytimeSpaceSchema.parse({ nodes: [6, 4, 2], exits: 4 }), Rng.fromSeed(6, "anytime"));
    const { initialChannels } = fitAnytimeChannels(architecture, input, 2e7);
    const cost = (channels: number): number => buildAnytimePlan(architecture, { initialChannels: channels }, input).counts.multiplyAdds;
    expect(cost(initialChannels)).toBeLessThanOrEqual(2e7);
    expect(cost(initialChannels + 1)).toBeGreaterThan(2e7);
    expect(() => fitAnytimeChannels(architecture, input, 1000)).toThrow("more than the budget of 1,000");
  });
});

/** The same network with the nodes of each cell in another topological order. */
function renumbered(architecture: AnytimeArchitecture, rng: Rng): AnytimeArchitecture {
  return {
    ...architecture,
    cells: architecture.cells.map((cell) => {
      const order: number[] = [];
      while (order.length < cell.nodes.length) {
        const free = cell.nodes.flatMap((node, i) => (!order.includes(i) && node.inputs.every((input) => input < 2 || order.includes(input - 2)) ? [i] : []));
        order.push(rng.choice(free));
      }
      const place = new Map(order.map((old, index) => [old + 2, index + 2]));
      const nodes = order.map((old) => {
        const node = cell.nodes[old];
        if (node === undefined) throw new Error("There is no node.");
        return { ...node, inputs: node.inputs.map((input) => place.get(input) ?? input).reverse() };
      });
      expect(leavesOf({ nodes })).toHaveLength(leavesOf(cell).length);
      return { nodes };
    }),
  };
}
