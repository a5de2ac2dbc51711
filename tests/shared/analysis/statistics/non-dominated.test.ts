import { describe, expect, it } from "vitest";
import { crowdingDistances, dominates, frontNumbers, paretoOrder } from "../../../../src-shared/analysis/statistics/non-dominated.ts";
import { createUniformRandom } from "../../../../src-shared/analysis/statistics/resampling.ts";

describe("dominance", () => {
  it("needs one objective to be better and none to be worse", () => {
    expect(dominates([1, 2], [1, 3])).toBe(true);
    expect(dominates([1, 2], [1, 2])).toBe(false);
    expect(dominates([1, 3], [2, 2])).toBe(false);
    expect(dominates([2], [1])).toBe(false);
  });
});

describe("fronts", () => {
  it("are those that peeling off non-dominated points one front after the other gives", () => {
    const uniform = createUniformRandom(3);
    for (const objectives of [1, 2, 3]) {
      // Few distinct values, so that there are ties and duplicates.
      const points = Array.from({ length: 60 }, () => Array.from({ length: objectives }, () => Math.floor(uniform() * 8)));
      const slow = new Array<number>(points.length).fill(-1);
      for (let front = 0; slow.includes(-1); front++) {
        const left = points.flatMap((_, i) => (slow[i] === -1 ? [i] : []));
        for (const i of left.filter((a) => !left.some((b) => dominates(points[b] ?? [], points[a] ?? [])))) slow[i] = front;
      }
      expect(frontNumbers(points)).toEqual(slow);
    }
  });
});

describe("crowding", () => {
  it("is the sum of the distances between neighbours as shares of the range, infinite at the ends", () => {
    const points = [
      [0, 10],
      [1, 6],
      [4, 4],
      [10, 0],
    ];
    const distances = crowdingDistances(points, [0, 0, 0, 0]);
    expect(distances[0]).toBe(Infinity);
    expect(distances[3]).toBe(Infinity);
    expect(distances[1]).toBeCloseTo(4 / 10 + 6 / 10, 12);
    expect(distances[2]).toBeCloseTo(9 / 10 + 6 / 10, 12);
  });

  it("counts each front apart", () => {
    expect(crowdingDistances([[0], [5], [1], [2], [3]], [0, 0, 1, 1, 1])).toEqual([Infinity, Infinity, Infinity, 1, Infinity]);
  });
});

describe("order", () => {
  it("puts fronts one after the other and ends before the middle of each", () => {
    const points = [
      [5, 5],
      [0, 10],
      [5.1, 4.9],
      [10, 0],
      [11, 11],
    ];
    expect(paretoOrder(points)).toEqual([1, 3, 0, 2, 4]);
    expect(paretoOrder([])).toEqual([]);
  });
});
