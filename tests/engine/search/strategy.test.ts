import { describe, expect, it } from "vitest";
import { Rng } from "../../../src-main/engine/random.ts";
import { compareCandidates } from "../../../src-main/engine/search/shortlist.ts";
import { createStrategy, type SearchStrategy } from "../../../src-main/engine/search/strategy.ts";
import { canonicalForm } from "../../../src-main/engine/spaces/cell/canonical.ts";
import { mutateCell, neighboursOf } from "../../../src-main/engine/spaces/cell/mutation.ts";
import { sampleCell } from "../../../src-main/engine/spaces/cell/sampler.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import { isUserError } from "../../../src-main/lib/errors.ts";
import { dominates } from "../../../src-shared/analysis/statistics/non-dominated.ts";
import { type Cell, cellSchema } from "../../../src-shared/domain/architecture/cell.ts";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import { OPERATIONS, type OperationName } from "../../../src-shared/domain/architecture/operations.ts";
import { type CellSpace, searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { searchSettingsSchema } from "../../../src-shared/domain/config/run-config.ts";

const space = searchSpaceSchema.parse({ nodes: 4 });
/** A score that local search can climb: the share of 3×3 separable convolutions. */
const scoreOf = (cell: Cell): number => cell.nodes.filter((node) => node.operation === "sepConv3x3").length / cell.nodes.length;

function strategyOf(
  strategy: "random" | "evolution" | "local-search",
  seed: number,
  options: { saved?: unknown; allowed?: (cell: Cell) => boolean } = {},
): SearchStrategy<Architecture> {
  const search = searchSettingsSchema.parse({ strategy, populationSize: 20, tournamentSize: 5 });
  return createStrategy(
    { space: SPACES.cell, settings: space, search, rng: Rng.fromSeed(seed, "search"), allowed: ({ normal }) => options.allowed?.(normal) ?? true },
    options.saved ?? null,
  );
}

function advance(strategy: SearchStrategy<Architecture>, rounds: number): { forms: string[]; scores: number[] } {
  const forms: string[] = [];
  const scores: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const proposals = strategy.propose(8);
    strategy.observe(proposals.map(({ architecture, canonical }) => ({ architecture, canonical, objectives: [-scoreOf(architecture.normal)] })));
    forms.push(...proposals.map(({ canonical }) => canonical));
    scores.push(...proposals.map(({ architecture }) => scoreOf(architecture.normal)));
  }
  return { forms, scores };
}

describe.each(["random", "evolution", "local-search"] as const)("%s search", (name) => {
  it("proposes valid cells, none of them twice even up to renaming", () => {
    const { forms } = advance(strategyOf(name, 1), 30);
    expect(new Set(forms).size).toBe(forms.length);
    const cells = strategyOf(name, 1).propose(20);
    for (const { architecture, canonical } of cells) {
      expect(cellSchema.safeParse(architecture.normal).success).toBe(true);
      expect(canonicalForm(architecture.normal)).toBe(canonical);
    }
  });

  it("continues after an interruption as if there had been none", () => {
    const whole = advance(strategyOf(name, 2), 12).forms;
    const first = strategyOf(name, 2);
    const before = advance(first, 5).forms;
    const saved: unknown = JSON.parse(JSON.stringify(first.state()));
    const after = advance(strategyOf(name, 2, { saved }), 7).forms;
    expect([...before, ...after]).toEqual(whole);
  });

  it("keeps within the limits", () => {
    const allowed = (cell: Cell): boolean => cell.nodes.every((node) => node.operation !== "maxPool3x3");
    const strategy = strategyOf(name, 3, { allowed });
    for (let round = 0; round < 10; round++) {
      const proposals = strategy.propose(8);
      expect(proposals.every(({ architecture }) => allowed(architecture.normal))).toBe(true);
      strategy.observe(proposals.map(({ architecture, canonical }) => ({ architecture, canonical, objectives: [-scoreOf(architecture.normal)] })));
    }
  });

  it("reports an exhausted space", () => {
    const tiny = searchSpaceSchema.parse({ nodes: 1, operations: ["identity"], maxInputs: 1 });
    const strategy = createStrategy(
      { space: SPACES.cell, settings: tiny, search: searchSettingsSchema.parse({ strategy: name }), rng: Rng.fromSeed(1, "search"), allowed: () => true },
      null,
    );
    // One identity node on input 0 or on input 1: two cells in total.
    expect(strategy.propose(8)).toHaveLength(2);
    try {
      strategy.propose(1);
      expect.unreachable();
    } catch (error) {
      expect(isUserError(error) && error.message).toContain("No other cell");
    }
  });
});

describe("guided search", () => {
  it.each(["evolution", "local-search"] as const)("%s finds better cells than random search with the same number of scores", (name) => {
    const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
    const late = (scores: readonly number[]): number => mean(scores.slice(-40));
    expect(late(advance(strategyOf(name, 4), 25).scores)).toBeGreaterThan(late(advance(strategyOf("random", 4), 25).scores) + 0.3);
  });
});

describe("local search", () => {
  /** Converts the state to JSON between calls, as a stop and resume would. */
  const walk = (options: {
    space: CellSpace;
    worth: (cell: Cell) => readonly number[];
    steps: number;
    batch: number;
  }): { cells: Cell[]; currents: (string | null)[]; explored: number[] } => {
    const search = searchSettingsSchema.parse({ strategy: "local-search" });
    const input = { space: SPACES.cell, settings: options.space, search, rng: Rng.fromSeed(5, "search"), allowed: () => true };
    let strategy = createStrategy(input, null);
    const cells: Cell[] = [];
    const currents: (string | null)[] = [];
    const explored: number[] = [];
    for (let i = 0; i < options.steps; i++) {
      const proposals = strategy.propose(options.batch);
      strategy.observe(proposals.map(({ architecture, canonical }) => ({ architecture, canonical, objectives: options.worth(architecture.normal) })));
      cells.push(...proposals.map(({ architecture }) => architecture.normal));
      const saved = JSON.parse(JSON.stringify(strategy.state())) as { proposer: { current: string | null; explored: string[] } };
      currents.push(saved.proposer.current);
      explored.push(saved.proposer.explored.length);
      strategy = createStrategy(input, saved);
    }
    return { cells, currents, explored };
  };

  it("climbs by single changes: everything after the start is a neighbour of something better or equal", () => {
    const climbing = searchSpaceSchema.parse({ nodes: 5 });
    const { cells } = walk({ space: climbing, worth: (cell) => [-scoreOf(cell)], steps: 20, batch: 8 });
    const later = cells.slice(8);
    const isNeighbour = (cell: Cell): boolean => {
      const near = new Set(neighboursOf(cell, climbing).map(canonicalForm));
      return cells.some((other) => near.has(canonicalForm(other)));
    };
    expect(later.every(isNeighbour)).toBe(true);
    expect(Math.max(...later.map(scoreOf))).toBe(1);
  });

  it("moves to the next best when a neighbourhood is exhausted, then restarts, until the space is exhausted", () => {
    // Without ties: the first-found local optimum is left only through exhaustion.
    const tiny = searchSpaceSchema.parse({ nodes: 2, operations: ["conv1x1", "sepConv3x3", "maxPool3x3"], maxInputs: 2 });
    const worth = (cell: Cell): readonly number[] => [
      [...canonicalForm(cell)].reduce((sum, letter, i) => (sum * 31 + letter.charCodeAt(0) * (i + 1)) % 9973, 7),
    ];
    const { cells, currents, explored } = walk({ space: tiny, worth, steps: 60, batch: 2 });
    expect(new Set(cells.map(canonicalForm)).size).toBe(cells.length);
    // Neighbourhoods were exhausted one after the other within a climb …
    expect(Math.max(...explored)).toBeGreaterThanOrEqual(1);
    // … and climbs were abandoned: the list of explored cells restarts, without a current cell until there is a starting point.
    expect(explored.some((count, i) => i > 0 && count < (explored[i - 1] ?? 0))).toBe(true);
    expect(currents.slice(5).includes(null)).toBe(true);
  });

  it("with several objectives moves to cells that dominate the current one only", () => {
    const { currents, cells } = walk({ space, worth: (cell) => [-scoreOf(cell), cell.nodes.flatMap(({ inputs }) => inputs).length], steps: 15, batch: 8 });
    const byForm = new Map(cells.map((cell) => [canonicalForm(cell), [-scoreOf(cell), cell.nodes.flatMap(({ inputs }) => inputs).length]]));
    const path = currents.filter((current, i) => current !== null && current !== currents[i - 1]);
    expect(path.length).toBeGreaterThan(1);
    const [first, last] = [byForm.get(path[0] ?? ""), byForm.get(path.at(-1) ?? "")];
    expect(dominates(last ?? [], first ?? [])).toBe(true);
  });
});

describe("evolution with two objectives", () => {
  it("covers more of the trade-off than random search with the same number of scores", () => {
    const wide = searchSpaceSchema.parse({ nodes: 6 });
    const costs = new Map(OPERATIONS.map((operation, i) => [operation, i]));
    // Score grows with cost here, so there is a front to find, but most cells are dominated.
    const worth = (cell: Cell): [number, number] => [
      -cell.nodes.filter(({ operation }, i) => costs.get(operation as OperationName) === i % OPERATIONS.length).length,
      cell.nodes.reduce((sum, { operation, inputs }) => sum + (costs.get(operation as OperationName) ?? 0) * inputs.length, 0),
    ];
    const covered = (strategy: "random" | "evolution", seed: number): number => {
      const search = searchSettingsSchema.parse({ strategy, populationSize: 40, tournamentSize: 8, objectives: ["score", "parameters"] });
      const found = createStrategy({ space: SPACES.cell, settings: wide, search, rng: Rng.fromSeed(seed, "search"), allowed: () => true }, null);
      const points: [number, number][] = [];
      for (let round = 0; round < 50; round++) {
        const proposals = found.propose(8);
        found.observe(proposals.map(({ architecture, canonical }) => ({ architecture, canonical, objectives: worth(architecture.normal) })));
        points.push(...proposals.map(({ architecture }) => worth(architecture.normal)));
      }
      return hypervolume(points, [0, 100]);
    };
    for (const seed of [1, 2, 3]) expect(covered("evolution", seed)).toBeGreaterThan(1.1 * covered("random", seed));
  });
});

/** Area that is dominated by some point and dominates the reference; both objectives are minimised. */
function hypervolume(points: readonly (readonly [number, number])[], [worst0, worst1]: readonly [number, number]): number {
  const sorted = [...points].filter(([a, b]) => a < worst0 && b < worst1).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let area = 0;
  let height = worst1;
  for (const [a, b] of sorted) {
    if (b >= height) continue;
    area += (worst0 - a) * (height - b);
    height = b;
  }
  return area;
}

describe("neighbours", () => {
  it("are all cells with one node changed in its operation or in one input, and no others", () => {
    const small = searchSpaceSchema.parse({ nodes: 2, operations: ["conv1x1", "sepConv3x3"], maxInputs: 2 });
    const cell: Cell = {
      nodes: [
        { operation: "conv1x1", inputs: [0] },
        { operation: "sepConv3x3", inputs: [1, 2] },
      ],
    };
    const text = ({ nodes }: Cell): string => nodes.map(({ operation, inputs }) => `${operation}(${inputs.join()})`).join(" ");
    expect(neighboursOf(cell, small).map(text).sort()).toEqual(
      [
        "sepConv3x3(0) sepConv3x3(1,2)",
        "conv1x1(0,1) sepConv3x3(1,2)",
        "conv1x1(1) sepConv3x3(1,2)",
        "conv1x1(0) conv1x1(1,2)",
        "conv1x1(0) sepConv3x3(2)",
        "conv1x1(0) sepConv3x3(1)",
        "conv1x1(0) sepConv3x3(0,2)",
        "conv1x1(0) sepConv3x3(0,1)",
      ].sort(),
    );
  });

  it("hold every mutant", () => {
    const rng = Rng.fromSeed(2, "test");
    for (let i = 0; i < 50; i++) {
      const cell = sampleCell(space, rng);
      const near = new Set(neighboursOf(cell, space).map((other) => JSON.stringify(other)));
      for (let k = 0; k < 10; k++) {
        const mutant = mutateCell(cell, space, rng);
        expect(near.has(JSON.stringify(mutant)) || JSON.stringify(mutant) === JSON.stringify(cell)).toBe(true);
      }
    }
  });
});

describe("mutation", () => {
  it("changes one thing and keeps the cell valid", () => {
    const rng = Rng.fromSeed(1, "test");
    for (let i = 0; i < 300; i++) {
      const cell = sampleCell(space, rng);
      const mutant = mutateCell(cell, space, rng);
      expect(cellSchema.safeParse(mutant).success).toBe(true);
      const changed = cell.nodes.filter((node, j) => JSON.stringify(node) !== JSON.stringify(mutant.nodes[j])).length;
      expect(changed).toBeLessThanOrEqual(1);
      expect(mutant.nodes.every((node) => node.inputs.length <= space.maxInputs)).toBe(true);
    }
  });
});

describe("ranking", () => {
  it("puts higher scores first, breaks ties by loss, then by order; what was not scored comes last", () => {
    const candidates = [
      { index: 0, score: 0.5, scoreLoss: 1 },
      { index: 1, score: 0.7, scoreLoss: 2 },
      { index: 2, score: 0.7, scoreLoss: 1 },
      { index: 3, score: null, scoreLoss: null },
      { index: 4, score: 0.7, scoreLoss: 1 },
    ];
    expect([...candidates].sort(compareCandidates).map(({ index }) => index)).toEqual([2, 4, 1, 0, 3]);
  });
});
