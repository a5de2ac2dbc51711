import { describe, expect, it } from "vitest";
import { averageRanks, kendall, pearson, spearman } from "../../../../src-shared/analysis/statistics/coefficients.ts";
import { correlate, correlateAll, fisherInterval, regress, topHalf } from "../../../../src-shared/analysis/statistics/correlation.ts";
import { bootstrapInterval } from "../../../../src-shared/analysis/statistics/resampled-coefficients.ts";

/** Tau-b by its definition, over all pairs: the reference for the fast algorithm. */
function kendallByDefinition(x: readonly number[], y: readonly number[]): number {
  let concordant = 0;
  let discordant = 0;
  let onlyX = 0;
  let onlyY = 0;
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) {
      const dx = Math.sign((x[i] ?? 0) - (x[j] ?? 0));
      const dy = Math.sign((y[i] ?? 0) - (y[j] ?? 0));
      if (dx * dy > 0) concordant++;
      else if (dx * dy < 0) discordant++;
      else if (dx === 0 && dy !== 0) onlyX++;
      else if (dy === 0 && dx !== 0) onlyY++;
    }
  return (concordant - discordant) / Math.sqrt((concordant + discordant + onlyX) * (concordant + discordant + onlyY));
}

function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe("coefficients", () => {
  it("agrees with values computed by hand", () => {
    expect(pearson([1, 2, 3, 4], [2, 4, 6, 8])).toBeCloseTo(1, 12);
    expect(pearson([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).toBeCloseTo(0.8, 12);
    expect(spearman([1, 2, 3, 4, 5], [1, 8, 27, 64, 125])).toBeCloseTo(1, 12);
    expect(kendall([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])).toBeCloseTo(0.6, 12);
    expect(kendall([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  });

  it("shares ranks among ties", () => {
    expect(averageRanks([10, 20, 20, 5])).toEqual([2, 3.5, 3.5, 1]);
  });

  it("gives Kendall's tau-b as its definition does, with ties on both sides", () => {
    const random = pseudoRandom(7);
    for (let round = 0; round < 50; round++) {
      const n = 3 + Math.floor(random() * 40);
      const x = Array.from({ length: n }, () => Math.floor(random() * 6));
      const y = Array.from({ length: n }, () => Math.floor(random() * 6));
      const fast = kendall(x, y);
      if (fast !== null) expect(fast).toBeCloseTo(kendallByDefinition(x, y), 10);
    }
  });

  it("is undefined for a constant side and for fewer than three pairs", () => {
    expect(pearson([1, 1, 1, 1], [1, 2, 3, 4])).toBeNull();
    expect(spearman([1, 2], [1, 2])).toBeNull();
    expect(kendall([1, 2, 3], [4, 4, 4])).toBeNull();
  });

  it("leaves incomplete pairs out and says how many are left", () => {
    const result = correlate("pearson", [1, 2, null, 4, Number.NaN, 6], [1, 2, 3, 4, 5, null]);
    expect(result.n).toBe(3);
    expect(result.value).toBeCloseTo(1, 12);
    expect(result.interval).toBeNull();
  });
});

describe("intervals", () => {
  it("gives the interval that the paper's 0.68 on 100 cells has", () => {
    const [low, high] = fisherInterval("pearson", 0.68, 100) ?? [0, 0];
    expect(low).toBeCloseTo(0.56, 2);
    expect(high).toBeCloseTo(0.77, 2);
  });

  it("is wider for Spearman and narrower for Kendall at the same value", () => {
    const width = (interval: readonly [number, number] | null): number => (interval === null ? 0 : interval[1] - interval[0]);
    expect(width(fisherInterval("spearman", 0.5, 50))).toBeGreaterThan(width(fisherInterval("pearson", 0.5, 50)));
    expect(width(fisherInterval("kendall", 0.5, 50))).toBeLessThan(width(fisherInterval("pearson", 0.5, 50)));
  });

  it("bootstraps the same interval for the same seed, around the value", () => {
    const random = pseudoRandom(3);
    const x = Array.from({ length: 60 }, () => random());
    const y = x.map((value) => value + 0.4 * random());
    const a = bootstrapInterval("spearman", x, y, 300, 5);
    expect(a).toEqual(bootstrapInterval("spearman", x, y, 300, 5));
    const value = spearman(x, y) ?? 0;
    expect(a?.[0]).toBeLessThan(value);
    expect(a?.[1]).toBeGreaterThan(value);
  });

  it("is quick on ten thousand cells", () => {
    const random = pseudoRandom(11);
    const x = Array.from({ length: 10_000 }, () => random());
    const y = x.map((value) => value + random());
    const all = correlateAll(x, y);
    expect(all.kendall.n).toBe(10_000);
    expect(all.pearson.value).toBeGreaterThan(0.6);
  });
});

describe("regression", () => {
  it("finds the line and the point far from it", () => {
    const x = Array.from({ length: 20 }, (_, i) => i);
    const y = x.map((value) => 2 * value + 1 + (value % 2 === 0 ? 0.1 : -0.1));
    y[7] = 40;
    const regression = regress(x, y);
    expect(regression?.outliers[0]).toBe(7);
    expect(regression?.slope).toBeGreaterThan(1.5);
    expect(
      regress(
        x.map(() => 1),
        y,
      ),
    ).toBeNull();
  });

  it("keeps the place of incomplete pairs", () => {
    const regression = regress([1, null, 3, 4], [1, 5, 3, 4]);
    expect(regression?.residuals).toHaveLength(4);
    expect(regression?.residuals[1]).toBeNull();
    expect(regression?.outliers).toEqual([]);
  });
});

describe("top half", () => {
  it("takes the better half by trained accuracy, rounding up", () => {
    expect(topHalf([1, 2, 3, 4, 5], [0.1, 0.5, 0.3, 0.9, null])).toEqual([3, 1]);
    expect(topHalf([1, 2, 3], [0.3, 0.2, 0.1])).toEqual([0, 1]);
  });
});
