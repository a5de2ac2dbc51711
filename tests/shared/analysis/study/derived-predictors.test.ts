import { describe, expect, it } from "vitest";
import { rankAverage, rankAveragePredictor, regularisedSwap } from "../../../../src-shared/analysis/study/derived-predictors.ts";
import type { PredictorData } from "../../../../src-shared/analysis/study/study.ts";

const predictor = (name: string, ...lists: (number | null)[][]): PredictorData => ({
  name,
  kind: "proxy",
  runs: lists.map((values, s) => ({ seed: s + 1, values })),
  generationMs: null,
  evaluationMs: null,
});

describe("derived predictors", () => {
  it("regularised SWAP is SWAP · exp(−(p − μ)² / σ), μ the mean and σ twice the variance of the sizes", () => {
    // Sizes 100, 200, 300: μ = 200, variance 20,000 / 3.
    const penalty = Math.exp(-10_000 / ((2 * 20_000) / 3));
    expect(regularisedSwap([10, 20, 40], [100, 200, 300])).toEqual([10 * penalty, 20, 40 * penalty].map((value) => expect.closeTo(value, 12)));
    expect(regularisedSwap([10, null, 40], [5, 5, 5])).toEqual([10, null, 40]);
  });

  it("the rank average shares ranks between ties and leaves out cells that a predictor does not know", () => {
    // Ranks over cells 0, 1, 3: 1, 2, 3 and 2.5, 1, 2.5.
    expect(
      rankAverage(
        [
          [1, 2, 9, 30],
          [7, 5, null, 7],
        ],
        4,
      ),
    ).toEqual([1.75, 1.5, null, 2.75]);
    expect(rankAverage([], 2)).toEqual([null, null]);
  });

  it("has a list for each seed, and is left out while a predictor is missing", () => {
    const predictors = [predictor("GHN", [1, 2, 3], [3, 2, 1]), predictor("SWAP", [1, 2, 3])];
    const average = rankAveragePredictor(["GHN", "SWAP"], predictors, 3);
    expect(average?.name).toBe("rank average (GHN + SWAP)");
    expect(average?.runs).toEqual([
      { seed: 1, values: [1, 2, 3] },
      { seed: 2, values: [2, 2, 2] },
    ]);
    expect(rankAveragePredictor(["GHN", "NWOT"], predictors, 3)).toBeNull();
    expect(rankAveragePredictor([], predictors, 3)).toBeNull();
  });
});
