import { describe, expect, it } from "vitest";
import { Rng } from "../../src-main/engine/random.ts";
import { UserError } from "../../src-main/lib/errors.ts";

function take<T>(n: number, draw: () => T): T[] {
  return Array.from({ length: n }, draw);
}

describe("Rng", () => {
  it("gives the published xoshiro128** sequence for the state 1, 2, 3, 4", () => {
    const rng = Rng.fromState({ algorithm: "xoshiro128**", words: [1, 2, 3, 4], spareNormal: null });
    expect(take(10, () => rng.nextUint32())).toEqual([11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804]);
  });

  it("repeats for the same seed and purpose, and for a number or its text", () => {
    const a = Rng.fromSeed(7, "augment");
    const b = Rng.fromSeed("7", "augment");
    expect(take(50, () => a.nextUint32())).toEqual(take(50, () => b.nextUint32()));
  });

  it("keeps seeds and purposes apart", () => {
    const firsts = [Rng.fromSeed(1, "order"), Rng.fromSeed(2, "order"), Rng.fromSeed(1, "augment"), Rng.fromSeed("1o", "rder"), Rng.fromSeed("", "1order")].map(
      (rng) => rng.nextUint32(),
    );
    expect(new Set(firsts).size).toBe(firsts.length);
    expect(() => Rng.fromSeed(Number.NaN, "order")).toThrow(RangeError);
  });

  it("continues from a state sent through JSON, in the middle of a pair of normals too", () => {
    const rng = Rng.fromSeed("run", "init");
    take(13, () => rng.uniform());
    rng.normal();
    const saved: unknown = JSON.parse(JSON.stringify(rng.state()));
    const next = (from: Rng): number[] => [...take(7, () => from.normal()), from.nextUint32(), from.int(1000), from.uniform()];
    const expected = next(rng);
    expect(next(Rng.fromState(saved))).toEqual(expected);
  });

  it("refuses damaged states", () => {
    for (const bad of [
      null,
      3,
      {},
      { algorithm: "mt", words: [1, 2, 3, 4], spareNormal: null },
      { algorithm: "xoshiro128**", words: [0, 0, 0, 0], spareNormal: null },
      { algorithm: "xoshiro128**", words: [1, 2, 3], spareNormal: null },
      { algorithm: "xoshiro128**", words: [1, 2, 3, -4], spareNormal: null },
      { algorithm: "xoshiro128**", words: [1, 2, 3, 4], spareNormal: "1" },
      { algorithm: "xoshiro128**", words: [1, 2, 3, 4.5], spareNormal: null },
    ]) {
      expect(() => Rng.fromState(bad)).toThrow(UserError);
    }
  });

  it("splits into streams that do not depend on later draws of the parent", () => {
    const parent = Rng.fromSeed(5, "cells");
    const twin = parent.clone();
    const child = parent.split("a");
    take(100, () => parent.nextUint32());
    const twinChild = twin.split("a");
    expect(take(10, () => child.nextUint32())).toEqual(take(10, () => twinChild.nextUint32()));
    const other = Rng.fromSeed(5, "cells");
    const [a, b] = [other.clone().split("a"), other.clone().split("b")];
    other.split("a");
    const c = other.split("a");
    expect(new Set([a.nextUint32(), b.nextUint32(), c.nextUint32()]).size).toBe(3);
  });

  it("draws uniforms in [0, 1) with the right mean and spread", () => {
    const rng = Rng.fromSeed(11, "uniform");
    const values = take(40000, () => rng.uniform());
    expect(values.every((v) => v >= 0 && v < 1)).toBe(true);
    const mean = values.reduce((s, v) => s + v, 0) / values.length;
    const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length;
    // Five standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
  });

  it("draws normals with mean 0, variance 1 and kurtosis 3", () => {
    const rng = Rng.fromSeed(12, "normal");
    const values = take(60000, () => rng.normal());
    const moment = (k: number): number => values.reduce((s, v) => s + v ** k, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.02);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.03);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.2);
  });

  it("draws integers without bias, also where a plain remainder would be badly biased", () => {
    const rng = Rng.fromSeed(13, "int");
    // With 3 * 2^30 a remainder would put half of all draws into the first third.
    const n = 3 * 2 ** 30;
    const low = take(30000, () => rng.int(n)).filter((v) => v < 2 ** 30).length;
    expect(Math.abs(low / 30000 - 1 / 3)).toBeLessThan(0.015);
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 70000; i++) {
      const face = rng.int(7);
      counts[face] = (counts[face] ?? 0) + 1;
    }
    const chi = counts.reduce((s, c) => s + (c - 10000) ** 2 / 10000, 0);
    expect(chi).toBeLessThan(22.5); // 0.1 % point of chi-square with 6 degrees of freedom
    expect(rng.int(1)).toBe(0);
    for (const bad of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) expect(() => rng.int(bad)).toThrow(RangeError);
  });

  it("shuffles fairly, in place, keeping every element", () => {
    const rng = Rng.fromSeed(14, "shuffle");
    const counts = new Map<string, number>();
    for (let i = 0; i < 24000; i++) {
      const key = rng.shuffle([0, 1, 2, 3]).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chi = [...counts.values()].reduce((s, c) => s + (c - 1000) ** 2 / 1000, 0);
    expect(chi).toBeLessThan(49.7); // 0.1 % point, 23 degrees of freedom
    const array = Uint32Array.of(5, 6, 7);
    expect(rng.shuffle(array)).toBe(array);
    expect([...rng.permutation(1000)].sort((a, b) => a - b)).toEqual(take(1000, () => 0).map((_, i) => i));
    expect(rng.permutation(0)).toHaveLength(0);
  });

  it("chooses and flips with the probabilities asked for", () => {
    const rng = Rng.fromSeed(15, "coin");
    const heads = take(20000, () => rng.bernoulli(0.3)).filter(Boolean).length;
    expect(Math.abs(heads / 20000 - 0.3)).toBeLessThan(0.017);
    expect(take(100, () => rng.bernoulli(0)).some(Boolean)).toBe(false);
    expect(take(100, () => rng.bernoulli(1)).every(Boolean)).toBe(true);
    expect(new Set(take(200, () => rng.choice(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
    expect(() => rng.choice([])).toThrow(RangeError);
  });
});
