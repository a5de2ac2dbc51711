import { describe, expect, it } from "vitest";
import { comparePredictors, precisionAtK, regretAtK, topK } from "../../src-shared/analysis/ranking-quality.ts";

describe("ranking quality", () => {
  it("takes the largest values first, ties by index", () => {
    expect(topK([1, 3, 3, 2], 3)).toEqual([1, 2, 3]);
  });

  it("counts how many of the chosen cells are truly among the best", () => {
    const truth = [0.9, 0.8, 0.7, 0.6];
    expect(precisionAtK([4, 3, 2, 1], truth, 2)).toBe(1);
    expect(precisionAtK([1, 2, 3, 4], truth, 2)).toBe(0);
    expect(precisionAtK([4, 1, 3, 2], truth, 2)).toBe(0.5);
    expect(precisionAtK([1, null, 3, 4], truth, 4)).toBeNull();
  });

  it("says what is lost by training only the chosen cells", () => {
    const truth = [0.9, 0.8, 0.7, 0.6];
    expect(regretAtK([1, 2, 3, 4], truth, 2)).toBeCloseTo(0.2, 12);
    expect(regretAtK([1, 2, 3, 4], truth, 4)).toBe(0);
    // A cell without a prediction takes no part, on either side.
    expect(regretAtK([null, 2, 3, 4], truth, 1)).toBeCloseTo(0.2, 12);
  });

  it("tells a good predictor from a bad one on the same cells, and a predictor not from itself", () => {
    const truth = Array.from({ length: 40 }, (_, i) => i);
    const good = truth.map((value, i) => value + ((i * 7) % 5));
    const bad = truth.map((_, i) => (i * 13) % 40);
    const better = comparePredictors("spearman", good, bad, truth, { resamples: 500 });
    expect(better?.difference).toBeGreaterThan(0.5);
    expect(better?.interval[0]).toBeGreaterThan(0);
    expect(better?.p).toBeLessThan(0.05);
    const same = comparePredictors("spearman", good, good, truth, { resamples: 500 });
    expect(same?.difference).toBe(0);
    expect(same?.p).toBe(1);
    expect(comparePredictors("pearson", [1, 2, 3], [1, 2, 3], [1, 2, 3])).toBeNull();
  });
});
