import { describe, expect, it } from "vitest";
import { accuracyUnderBudget, areaUnderCurve, exitUnderBudget, rangeWords, stepCurve } from "../../../../src-shared/analysis/curves/anytime-curve.ts";

const RANGE = { maxMultiplyAdds: 100, chance: 0.1 };
const EXITS = [
  { multiplyAdds: 20, accuracy: 0.5 },
  { multiplyAdds: 60, accuracy: 0.8 },
  { multiplyAdds: 90, accuracy: 0.9 },
];

describe("area under the accuracy–multiply-adds curve, by hand", () => {
  it("is the expected accuracy under a uniform budget", () => {
    // Chance on [0, 20), then 0.5 on [20, 60), 0.8 on [60, 90), 0.9 on [90, 100].
    expect(areaUnderCurve(EXITS, RANGE)).toBeCloseTo((20 * 0.1 + 40 * 0.5 + 30 * 0.8 + 10 * 0.9) / 100, 12);
    const mean = Array.from({ length: 100_000 }, (_, i) => accuracyUnderBudget(EXITS, (i + 0.5) / 1000, 0.1)).reduce((sum, value) => sum + value, 0) / 100_000;
    expect(areaUnderCurve(EXITS, RANGE)).toBeCloseTo(mean, 9);
  });

  it("is chance without an exit in reach", () => {
    expect(areaUnderCurve([], RANGE)).toBeCloseTo(0.1, 12);
    expect(areaUnderCurve([{ multiplyAdds: 101, accuracy: 1 }], RANGE)).toBeCloseTo(0.1, 12);
    expect(areaUnderCurve([{ multiplyAdds: 100, accuracy: 1 }], RANGE)).toBeCloseTo(0.1, 12);
  });

  it("leaves exits beyond the range out and keeps a worse later exit as it is", () => {
    expect(areaUnderCurve([...EXITS, { multiplyAdds: 500, accuracy: 1 }], RANGE)).toBeCloseTo(areaUnderCurve(EXITS, RANGE), 12);
    const falling = [
      { multiplyAdds: 0, accuracy: 0.8 },
      { multiplyAdds: 50, accuracy: 0.6 },
    ];
    expect(areaUnderCurve(falling, RANGE)).toBeCloseTo(0.7, 12);
  });

  it("has a default range and refuses an empty one", () => {
    const one = [{ multiplyAdds: 6e7, accuracy: 0.9 }];
    expect(areaUnderCurve(one, { maxMultiplyAdds: 1.2e8, chance: 0.1 })).toBeCloseTo(0.5, 12);
    expect(() => areaUnderCurve(one, { maxMultiplyAdds: 0, chance: 0.1 })).toThrow(RangeError);
    expect(rangeWords({ maxMultiplyAdds: 1.2e8, chance: 0.1 })).toBe("budgets of 0 to 120 M multiply-adds, chance 10 % before the first exit");
  });
});

describe("which exit answers", () => {
  it("is the last reached, at its cost exactly too", () => {
    expect([0, 19.9, 20, 59, 60, 1000].map((budget) => exitUnderBudget(EXITS, budget))).toEqual([-1, -1, 0, 0, 1, 2]);
    expect(accuracyUnderBudget(EXITS, 10, 0.1)).toBe(0.1);
    expect(accuracyUnderBudget(EXITS, 60, 0.1)).toBe(0.8);
  });
});

describe("the step curve", () => {
  it("has two corners at every exit within the range, and reaches from end to end", () => {
    const points = stepCurve([...EXITS, { multiplyAdds: 500, accuracy: 1 }], RANGE);
    expect(points.map(({ multiplyAdds, accuracy }) => [multiplyAdds, accuracy])).toEqual([
      [0, 0.1],
      [20, 0.1],
      [20, 0.5],
      [60, 0.5],
      [60, 0.8],
      [90, 0.8],
      [90, 0.9],
      [100, 0.9],
    ]);
    // The area under these corners is the area of the curve.
    const area = points.reduce((sum, point, i) => sum + (point.multiplyAdds - (points[i - 1]?.multiplyAdds ?? 0)) * (points[i - 1]?.accuracy ?? 0), 0);
    expect(area / 100).toBeCloseTo(areaUnderCurve(EXITS, RANGE), 12);
  });
});
