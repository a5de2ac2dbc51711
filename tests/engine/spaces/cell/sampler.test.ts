import { describe, expect, it } from "vitest";
import { Rng } from "../../../../src-main/engine/random.ts";
import { sampleCell } from "../../../../src-main/engine/spaces/cell/sampler.ts";
import { cellSchema, INPUT_NODES } from "../../../../src-shared/domain/architecture/cell.ts";
import { searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";

describe("sampling cells", () => {
  it("gives valid cells of the asked size, the same for the same seed", () => {
    const space = searchSpaceSchema.parse({ nodes: 12, maxInputs: 3 });
    const draw = () => {
      const rng = Rng.fromSeed(5, "cells");
      return [sampleCell(space, rng), sampleCell(space, rng, 7)];
    };
    const [own, given] = draw();
    expect(own?.nodes).toHaveLength(12);
    expect(given?.nodes).toHaveLength(7);
    for (const cell of draw()) expect(cellSchema.safeParse(cell).success).toBe(true);
    expect(draw()).toEqual([own, given]);
  });

  it("draws operations, numbers of inputs and inputs uniformly", () => {
    const space = searchSpaceSchema.parse({ operations: ["identity", "conv1x1", "avgPool3x3"], nodes: 4 });
    const rng = Rng.fromSeed(6, "cells");
    const draws = 6000;
    const counts = new Map<string, number>();
    const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
    for (let i = 0; i < draws; i++) {
      const last = sampleCell(space, rng).nodes[3];
      count(last?.operation ?? "");
      count(`inputs ${last?.inputs.length}`);
      count(`from ${last?.inputs.join(",")}`);
    }
    const expectShare = (key: string, share: number): void => {
      const deviation = Math.sqrt(draws * share * (1 - share));
      expect(Math.abs((counts.get(key) ?? 0) - draws * share), key).toBeLessThan(4 * deviation);
    };
    for (const operation of space.operations) expectShare(operation, 1 / 3);
    expectShare("inputs 1", 1 / 2);
    expectShare("inputs 2", 1 / 2);
    const earlier = INPUT_NODES + 3;
    for (let a = 0; a < earlier; a++) {
      expectShare(`from ${a}`, 1 / 2 / earlier);
      for (let b = a + 1; b < earlier; b++) expectShare(`from ${a},${b}`, 1 / 2 / ((earlier * (earlier - 1)) / 2));
    }
  });

  it("takes at most as many inputs as there are", () => {
    const space = searchSpaceSchema.parse({ nodes: 1, maxInputs: 4 });
    const rng = Rng.fromSeed(7, "cells");
    const sizes = Array.from({ length: 400 }, () => sampleCell(space, rng).nodes[0]?.inputs.length ?? 0);
    expect(Math.max(...sizes)).toBe(2);
    expect(sizes.filter((size) => size === 1).length).toBeGreaterThan(150);
  });
});
