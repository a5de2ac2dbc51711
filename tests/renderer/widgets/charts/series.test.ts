import { describe, expect, it } from "vitest";
import { append, lineOf, nearest, refine, seriesFrom, stepsInRange } from "../../../../src-renderer/widgets/charts/options/series.ts";
import type { MetricColumns } from "../../../../src-shared/domain/metrics.ts";

function columns(from: number, to: number, value: (step: number) => number | null = (step) => step): MetricColumns {
  const step = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return {
    name: "ghn/loss",
    series: 0,
    step,
    epoch: step.map((s) => s / 10),
    wall: step.map((s) => s * 2),
    active: step.map((s) => s * 2),
    value: step.map(value),
  };
}

describe("append", () => {
  it("adds new points and drops known ones, so that overlapping events duplicate nothing", () => {
    const data = seriesFrom("r", columns(1, 5), 5, false);
    expect(append(data, columns(3, 8))).toBe(3);
    expect(data.step).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(data.value).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(data.total).toBe(8);
    expect(append(data, columns(1, 8))).toBe(0);
  });

  it("keeps skipped steps as gaps in every encoding", () => {
    const data = seriesFrom(
      "r",
      columns(1, 3, (step) => (step === 2 ? Number.NaN : step)),
      3,
      false,
    );
    append(
      data,
      columns(4, 6, (step) => (step === 5 ? null : step)),
    );
    expect(data.value).toEqual([1, null, 3, 4, null, 6]);
  });

  it("thins a long-growing line, keeping peaks, ends and order", () => {
    const data = seriesFrom("r", columns(1, 10), 10, false);
    append(
      data,
      columns(11, 20_000, (step) => (step === 7777 ? 1e6 : Math.sin(step))),
    );
    expect(data.step.length).toBeLessThan(12_000);
    expect(data.thinned).toBe(true);
    expect(data.total).toBe(20_000);
    expect(data.value).toContain(1e6);
    expect([data.step[0], data.step.at(-1)]).toEqual([1, 20_000]);
    expect(data.step).toEqual([...data.step].sort((a, b) => a - b));
    expect([data.epoch.length, data.wall.length, data.active.length, data.value.length]).toEqual(Array(4).fill(data.step.length));
  });
});

describe("refine", () => {
  it("replaces points by a finer range and keeps the rest", () => {
    const data = seriesFrom("r", { ...columns(1, 4), step: [1, 10, 20, 30], epoch: [0, 1, 2, 3], wall: [1, 10, 20, 30], active: [1, 10, 20, 30] }, 30, true);
    expect(refine(data, columns(10, 20))).toBe(true);
    expect(data.step).toEqual([1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 30]);
    expect(data.value.length).toBe(13);
  });

  it("does nothing if the line is already as fine", () => {
    const data = seriesFrom("r", columns(1, 20), 20, false);
    expect(refine(data, columns(5, 9))).toBe(false);
    expect(refine(data, columns(5, 4))).toBe(false);
    expect(data.step.length).toBe(20);
  });
});

describe("lineOf", () => {
  const paused: MetricColumns = { ...columns(1, 4), wall: [2, 4, 604, 606], active: [2, 4, 6, 8] };

  it("breaks the line on wall time at pauses, and only there", () => {
    const data = seriesFrom("r", paused, 4, false);
    expect(lineOf(data, "wall")).toEqual({ x: [2, 4, 604, 604, 606], y: [1, 2, null, 3, 4], skipped: [] });
    expect(lineOf(data, "active")).toEqual({ x: [2, 4, 6, 8], y: [1, 2, 3, 4], skipped: [] });
    expect(lineOf(data, "step").y).toEqual([1, 2, 3, 4]);
  });

  it("reports skipped steps", () => {
    expect(
      lineOf(
        seriesFrom(
          "r",
          columns(1, 3, (step) => (step === 2 ? null : step)),
          3,
          false,
        ),
        "epoch",
      ).skipped,
    ).toEqual([0.2]);
  });
});

describe("positions on a line", () => {
  it("finds the nearest point", () => {
    expect([-5, 0.4, 1.6, 99].map((place) => nearest([0, 1, 2, 10], place))).toEqual([0, 0, 2, 3]);
  });

  it("converts a range of another axis to steps, with one more on each side", () => {
    expect(stepsInRange(seriesFrom("r", columns(1, 100), 100, false), "epoch", [2, 4])).toEqual([19, 41]);
  });
});
