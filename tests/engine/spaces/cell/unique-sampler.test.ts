import { describe, expect, it } from "vitest";
import { UniqueCellSampler, withinLimits } from "../../../../src-main/engine/cells/unique-sampler.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import { buildPlan } from "../../../../src-main/engine/spaces/cell/plan.ts";
import { isUserError } from "../../../../src-main/lib/errors.ts";
import type { Cell } from "../../../../src-shared/domain/architecture/cell.ts";
import { networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import { type SearchSpace, searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";

const input = { height: 8, width: 8, channels: 1, classes: 10 };
const network = networkConfigSchema.parse({ blocks: 3, initialChannels: 8, reductions: [1] });

function drain(sampler: UniqueCellSampler, most = 1000): { forms: string[]; error: unknown } {
  const forms: string[] = [];
  try {
    while (forms.length < most) forms.push(sampler.next().canonical);
  } catch (error) {
    return { forms, error };
  }
  return { forms, error: undefined };
}

describe("sampling without replacement", () => {
  const tiny: SearchSpace = searchSpaceSchema.parse({ operations: ["identity", "conv1x1"], nodes: 2 });

  it("gives every cell of a small space once and then says that it is exhausted", () => {
    // First node: 2 operations × {0}, {1}, {0,1}. Second: 2 × {0}, {1}, {2}, {0,1}, {0,2}, {1,2}. Of the 36 pairs of nodes that
    // both read the input nodes only, the order does not matter: 6 · 7 / 2 = 21. The other three input sets: 6 · 2 · 3 = 36.
    const { forms, error } = drain(new UniqueCellSampler(tiny, Rng.fromSeed(1, "unique")));
    expect(forms).toHaveLength(57);
    expect(new Set(forms).size).toBe(57);
    expect(isUserError(error) && error.code).toBe("space-exhausted");
    expect(isUserError(error) && error.message).toContain("57");
  });

  it("keeps the limits, both ends included", () => {
    const space = searchSpaceSchema.parse({ nodes: 4 });
    const counts = (cell: Cell) => buildPlan({ normal: cell }, network, input).counts;
    const free = new UniqueCellSampler(space, Rng.fromSeed(2, "unique"));
    const sample = Array.from({ length: 60 }, () => counts(free.next().cell))
      .map(({ parameters }) => parameters)
      .sort((a, b) => a - b);
    const limits = { minParameters: sample[15] ?? 0, maxParameters: sample[45] ?? 0, maxMultiplyAdds: 10_000_000 };
    const sampler = new UniqueCellSampler(space, Rng.fromSeed(3, "unique"), { allowed: withinLimits(limits, network, input) });
    for (let i = 0; i < 60; i++) {
      const { parameters, multiplyAdds } = counts(sampler.next().cell);
      expect(parameters).toBeGreaterThanOrEqual(limits.minParameters);
      expect(parameters).toBeLessThanOrEqual(limits.maxParameters);
      expect(multiplyAdds).toBeLessThanOrEqual(limits.maxMultiplyAdds);
    }
    expect(withinLimits({}, network, input)).toBeUndefined();
    expect(withinLimits({ maxParameters: sample[0] }, network, input)?.({ nodes: [{ operation: "sepConv5x5", inputs: [0, 1] }] })).toBe(
      counts({ nodes: [{ operation: "sepConv5x5", inputs: [0, 1] }] }).parameters <= (sample[0] ?? 0),
    );
  });

  it("says when the limits leave nothing, or too little", () => {
    const nothing = drain(new UniqueCellSampler(tiny, Rng.fromSeed(4, "unique"), { allowed: withinLimits({ maxParameters: 10 }, network, input) }));
    expect(nothing.forms).toHaveLength(0);
    expect(isUserError(nothing.error) && nothing.error.code).toBe("limits-too-narrow");
    const little = drain(
      new UniqueCellSampler(tiny, Rng.fromSeed(4, "unique"), { allowed: ({ nodes }) => nodes.every(({ operation }) => operation === "identity") }),
    );
    expect(little.forms.length).toBeGreaterThan(5);
    expect(isUserError(little.error) && little.error.message).toContain(`Only ${little.forms.length} different cells`);
  });

  it("never gives what was seen, and continues from its state", () => {
    const space = searchSpaceSchema.parse({ nodes: 3 });
    const first = new UniqueCellSampler(space, Rng.fromSeed(5, "unique"));
    const seen = drain(first, 20).forms;
    const again = new UniqueCellSampler(space, Rng.fromSeed(5, "unique"), { seen });
    expect(drain(again, 20).forms.some((form) => seen.includes(form))).toBe(false);
    const state: unknown = JSON.parse(JSON.stringify(first.state()));
    expect(drain(UniqueCellSampler.fromState(space, state as ReturnType<typeof first.state>), 20).forms).toEqual(drain(first, 20).forms);
  });
});
