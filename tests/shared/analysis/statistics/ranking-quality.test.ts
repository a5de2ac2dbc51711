import { describe, expect, it } from "vitest";
import { precisionAtK, regretAtK, topK } from "../../../../src-shared/analysis/statistics/ranking-quality.ts";

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
    // A cell without a prediction is ignored on both sides.
    expect(regretAtK([null, 2, 3, 4], truth, 1)).toBeCloseTo(0.2, 12);
  });
});
