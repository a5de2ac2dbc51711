import { describe, expect, it } from "vitest";
import { canonicalForm } from "../../../src-main/engine/cells/canonical.ts";
import { sampleCell } from "../../../src-main/engine/cells/sampler.ts";
import { isUserError } from "../../../src-main/engine/errors.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { compareCandidates } from "../../../src-main/engine/search/ranking.ts";
import { createStrategy, mutateCell, type SearchStrategy } from "../../../src-main/engine/search/strategy.ts";
import { type Cell, cellSchema } from "../../../src-shared/domain/cell.ts";
import { searchSettingsSchema } from "../../../src-shared/domain/run-config.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/search-space.ts";

const space = searchSpaceSchema.parse({ nodes: 4 });
/** A score that can be climbed: the share of 3×3 separable convolutions. */
const scoreOf = (cell: Cell): number => cell.nodes.filter((node) => node.operation === "sepConv3x3").length / cell.nodes.length;

function strategyOf(
  strategy: "random" | "evolution" | "local-search",
  seed: number,
  options: { saved?: unknown; allowed?: (cell: Cell) => boolean } = {},
): SearchStrategy {
  const settings = searchSettingsSchema.parse({ strategy, populationSize: 20, tournamentSize: 5 });
  return createStrategy(
    { space, settings, rng: Rng.fromSeed(seed, "search"), allowed: options.allowed ?? (() => true), seen: new Set() },
    options.saved ?? null,
  );
}

function advance(strategy: SearchStrategy, rounds: number): { forms: string[]; scores: number[] } {
  const forms: string[] = [];
  const scores: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const proposals = strategy.propose(8);
    strategy.observe(proposals.map(({ cell, canonical }) => ({ cell, canonical, score: scoreOf(cell) })));
    forms.push(...proposals.map(({ canonical }) => canonical));
    scores.push(...proposals.map(({ cell }) => scoreOf(cell)));
  }
  return { forms, scores };
}

describe.each(["random", "evolution", "local-search"] as const)("%s search", (name) => {
  it("proposes valid cells, none of them twice even up to renaming", () => {
    const { forms } = advance(strategyOf(name, 1), 30);
    expect(new Set(forms).size).toBe(forms.length);
    const cells = strategyOf(name, 1).propose(20);
    for (const { cell, canonical } of cells) {
      expect(cellSchema.safeParse(cell).success).toBe(true);
      expect(canonicalForm(cell)).toBe(canonical);
    }
  });

  it("continues after a break as if there had been none", () => {
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
      expect(proposals.every(({ cell }) => allowed(cell))).toBe(true);
      strategy.observe(proposals.map(({ cell, canonical }) => ({ cell, canonical, score: scoreOf(cell) })));
    }
  });

  it("says so when nothing new is left", () => {
    const tiny = searchSpaceSchema.parse({ nodes: 1, operations: ["identity"], maxInputs: 1 });
    const strategy = createStrategy(
      { space: tiny, settings: searchSettingsSchema.parse({ strategy: name }), rng: Rng.fromSeed(1, "search"), allowed: () => true, seen: new Set() },
      null,
    );
    // One identity behind input 0 or behind input 1: two cells in all.
    expect(strategy.propose(8)).toHaveLength(2);
    try {
      strategy.propose(1);
      expect.unreachable();
    } catch (error) {
      expect(isUserError(error) && error.message).toContain("No further cell");
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
