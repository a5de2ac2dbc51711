import { describe, expect, it } from "vitest";
import { minMaxIndices } from "../../../../src-shared/analysis/curves/downsample.ts";
import { smooth, smoothOver } from "../../../../src-shared/analysis/curves/smoothing.ts";
import { paretoFront } from "../../../../src-shared/analysis/statistics/pareto.ts";
import { compareConfigs, diffConfigs, flattenConfig, sameValue, valueAt, withValueAt } from "../../../../src-shared/domain/config/config-diff.ts";

describe("Pareto front", () => {
  it("keeps the points that no other dominates, ordered by cost", () => {
    const points = [
      { cost: 3, value: 0.9 },
      { cost: 1, value: 0.5 },
      { cost: 2, value: 0.4 },
      { cost: 2, value: 0.7 },
      { cost: 4, value: 0.9 },
      { cost: 5, value: null },
    ];
    expect(paretoFront(points)).toEqual([1, 3, 0]);
  });

  it("has no point that another one beats, and every other point is beaten", () => {
    const points = Array.from({ length: 300 }, (_, i) => ({ cost: (i * 7919) % 101, value: ((i * 104_729) % 97) / 97 }));
    const front = new Set(paretoFront(points));
    const beaten = (index: number): boolean =>
      points.some((other, j) => {
        const point = points[index];
        return (
          point !== undefined &&
          j !== index &&
          other.cost <= point.cost &&
          other.value >= point.value &&
          (other.cost < point.cost || other.value > point.value || j < index)
        );
      });
    points.forEach((_, i) => {
      expect(beaten(i)).toBe(!front.has(i));
    });
  });
});

describe("smoothing", () => {
  it("leaves a constant line alone from its first point on", () => {
    expect(smooth([2, 2, 2], 0.9).map((value) => Number(value?.toFixed(9)))).toEqual([2, 2, 2]);
  });
  it("keeps gaps and goes on behind them", () => {
    const result = smooth([1, null, Number.NaN, 3], 0.5);
    expect(result[1]).toBeNull();
    expect(result[2]).toBeNull();
    expect(result[3]).toBeCloseTo((0.25 * 1 + 0.5 * 3) / 0.75, 12);
  });
  it("equals the plain average on even steps", () => {
    const values = [1, 5, 2, 8, 3];
    const plain = smooth(values, 0.7);
    smoothOver([0, 1, 2, 3, 4], values, 0.7, 1).forEach((value, i) => {
      expect(value).toBeCloseTo(plain[i] ?? Number.NaN, 12);
    });
  });
  it("does nothing at weight zero", () => {
    expect(smooth([1, 4, null], 0)).toEqual([1, 4, null]);
  });
});

describe("downsampling", () => {
  it("keeps short lines whole", () => {
    expect(minMaxIndices([0, 1, 2], [1, 2, 3], 10)).toEqual([0, 1, 2]);
  });
  it("keeps peaks, gaps, ends and order", () => {
    const n = 100_000;
    const x = Array.from({ length: n }, (_, i) => i);
    const y: (number | null)[] = x.map((value) => Math.sin(value / 1000));
    y[54_321] = 99;
    y[70_000] = null;
    const kept = minMaxIndices(x, y, 500);
    expect(kept.length).toBeLessThan(1600);
    expect(kept).toContain(54_321);
    expect(kept).toContain(70_000);
    expect(kept[0]).toBe(0);
    expect(kept.at(-1)).toBe(n - 1);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
  });
});

describe("config differences", () => {
  const a = { kind: "search", space: { operations: ["identity", "conv1x1"], nodes: 7 }, seed: 1 };
  const b = { kind: "search", space: { operations: ["identity"], nodes: 7 }, seed: 2, extra: true };

  it("flattens with arrays of plain values as one leaf", () => {
    expect([...flattenConfig(a).keys()]).toEqual(["kind", "space.operations", "space.nodes", "seed"]);
    expect([...flattenConfig({ list: [{ x: 1 }, { x: 2 }] }).keys()]).toEqual(["list.0.x", "list.1.x"]);
  });
  it("names what was changed, added and removed", () => {
    expect(diffConfigs(a, b).map((change) => [change.path, change.kind])).toEqual([
      ["space.operations", "changed"],
      ["seed", "changed"],
      ["extra", "added"],
    ]);
    expect(diffConfigs(b, a).at(-1)?.kind).toBe("removed");
  });
  it("compares many at once", () => {
    const rows = compareConfigs([a, b, a]);
    expect(rows.find((row) => row.path === "space.nodes")?.differs).toBe(false);
    expect(rows.find((row) => row.path === "seed")?.values).toEqual([1, 2, 1]);
  });
  it("reads and replaces by path without touching the original", () => {
    expect(valueAt(a, "space.nodes")).toBe(7);
    const changed = withValueAt(a, "space.nodes", 9);
    expect(valueAt(changed, "space.nodes")).toBe(9);
    expect(valueAt(a, "space.nodes")).toBe(7);
    expect(valueAt(withValueAt({}, "x.y", 3), "x.y")).toBe(3);
    expect(withValueAt({ x: 1 }, "x", undefined)).toEqual({});
    expect(sameValue({ x: [1, { y: 2 }] }, { x: [1, { y: 2 }] })).toBe(true);
  });
});
