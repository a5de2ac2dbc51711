import { describe, expect, it } from "vitest";
import { COEFFICIENTS, type CorrelationMethod } from "../../../../src-shared/analysis/statistics/coefficients.ts";
import { drawCounts, ResampledCoefficients } from "../../../../src-shared/analysis/statistics/resampled-coefficients.ts";
import { createUniformRandom } from "../../../../src-shared/analysis/statistics/resampling.ts";

const METHODS: readonly CorrelationMethod[] = ["pearson", "spearman", "kendall"];

describe("coefficients of resamples", () => {
  it.each([
    ["few cells", 3, 100],
    ["few distinct values", 30, 4],
    ["many cells", 120, 1000],
    ["more than the table holds", 900, 50],
  ])("equal those of the lists written out: %s", (_, n, levels) => {
    const next = createUniformRandom(3);
    const x = Array.from({ length: n }, () => Math.floor(next() * levels) / 7);
    const y = x.map((value) => value + Math.floor(next() * levels) / 5);
    const fast = new ResampledCoefficients(x, y);
    const counts = new Int32Array(n);
    let defined = 0;
    for (let r = 0; r < 25; r++) {
      // The first is the set itself.
      if (r === 0) counts.fill(1);
      else drawCounts(next, n, counts);
      const drawn = [...counts].flatMap((count, i) => new Array<number>(count).fill(i));
      expect(drawn).toHaveLength(n);
      for (const method of METHODS) {
        const slow = COEFFICIENTS[method](
          drawn.map((i) => x[i] ?? 0),
          drawn.map((i) => y[i] ?? 0),
        );
        const value = fast.of(method, counts);
        // Sums in another order: rounding only.
        if (slow === null) expect(value).toBeNull();
        else expect(value).toBeCloseTo(slow, 12);
        if (slow !== null) defined++;
      }
    }
    expect(defined).toBeGreaterThan(0);
  });

  it("are not defined for fewer than three draws or a constant side", () => {
    const coefficients = new ResampledCoefficients([1, 2, 3, 4], [1, 1, 2, 3]);
    for (const method of METHODS) {
      expect(coefficients.of(method, [1, 1, 0, 0])).toBeNull();
      expect(coefficients.of(method, [2, 2, 0, 0])).toBeNull();
      expect(coefficients.of(method, [4, 0, 0, 0])).toBeNull();
      expect(coefficients.of(method, [1, 0, 1, 2])).toBeGreaterThan(0.9);
    }
  });
});
