import { describe, expect, it } from "vitest";
import { spearman } from "../../../../src-shared/analysis/statistics/coefficients.ts";
import { createUniformRandom } from "../../../../src-shared/analysis/statistics/resampling.ts";
import { comparePairs, pairOf } from "../../../../src-shared/analysis/study/study-pairs.ts";

const truth = Array.from({ length: 40 }, (_, i) => i);
const good = truth.map((value, i) => value + ((i * 7) % 5));
const bad = truth.map((_, i) => (i * 13) % 40);
const one = (name: string, ...runs: (number | null)[][]): Parameters<typeof comparePairs>[0][number] => ({ name, runs: runs.map((values) => ({ values })) });

describe("paired tests between predictors", () => {
  it("agree with resampling written out", () => {
    const [pair] = comparePairs([one("good", good), one("bad", bad)], truth, { resamples: 300, seed: 5 });
    const next = createUniformRandom(5);
    const differences = Array.from({ length: 300 }, () => {
      const drawn = truth.map(() => Math.floor(next() * truth.length));
      const of = (values: number[]): number[] => drawn.map((i) => values[i] ?? Number.NaN);
      return (spearman(of(good), of(truth)) ?? 0) - (spearman(of(bad), of(truth)) ?? 0);
    }).sort((a, b) => a - b);
    expect(pair?.comparison.difference).toBeCloseTo((spearman(good, truth) ?? 0) - (spearman(bad, truth) ?? 0), 12);
    expect(pair?.comparison.interval[0]).toBeCloseTo(differences[Math.round(0.025 * 299)] ?? 0, 12);
    expect(pair?.comparison.interval[1]).toBeCloseTo(differences[Math.round(0.975 * 299)] ?? 0, 12);
    expect(pair?.comparison.p).toBeCloseTo(2 / 301, 12);
    expect(pair?.comparison.n).toBe(40);
  });

  it("tell nothing from itself, take the mean over seeds and turn round with their sign", () => {
    const pairs = comparePairs([one("a", good, bad), one("b", bad, good), one("c", bad)], truth, { resamples: 200 });
    expect(pairs).toHaveLength(3);
    expect(pairOf(pairs, "a", "b")).toMatchObject({ difference: 0, p: 1 });
    const mean = ((spearman(good, truth) ?? 0) + (spearman(bad, truth) ?? 0)) / 2;
    expect(pairOf(pairs, "a", "c")?.difference).toBeCloseTo(mean - (spearman(bad, truth) ?? 0), 12);
    const [low, high] = pairOf(pairs, "a", "c")?.interval ?? [0, 0];
    expect(pairOf(pairs, "c", "a")).toMatchObject({ difference: -(pairOf(pairs, "a", "c")?.difference ?? 0), interval: [-high, -low] });
    expect(pairOf(pairs, "a", "a")).toBeNull();
  });

  it("use the cells that both know, and none where these are too few", () => {
    const some = good.map((value, i) => (i < 10 ? null : value));
    const few = good.map((value, i) => (i < 37 ? null : value));
    const pairs = comparePairs([one("some", some), one("bad", bad), one("few", few)], truth, { resamples: 100 });
    expect(pairs.map(({ first, second, comparison }) => `${first} ${second} ${comparison.n}`)).toEqual(["some bad 30"]);
  });
});
