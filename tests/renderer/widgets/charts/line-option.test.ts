import { describe, expect, it } from "vitest";
import {
  drawLines,
  formatX,
  type LineSettings,
  type LineSpec,
  legendValue,
  lineOption,
  linesCsv,
  withoutZeros,
} from "../../../../src-renderer/widgets/charts/options/line-option.ts";
import { seriesFrom } from "../../../../src-renderer/widgets/charts/options/series.ts";
import type { ChartTheme } from "../../../../src-renderer/widgets/charts/plot/theme.ts";

const theme: ChartTheme = {
  text: "#111",
  faint: "#666",
  line: "#ccc",
  gridLine: "#eee",
  surface: "#fff",
  accent: "#00f",
  warn: "#a60",
  good: "#0a0",
  bad: "#a00",
  font: "sans",
  runs: ["#1", "#2"],
};
const settings: LineSettings = { x: "step", smoothing: 0, logX: false, logY: false };

function spec(values: readonly (number | null)[], name = "ghn/loss"): LineSpec {
  const step = values.map((_, i) => i + 1);
  return {
    data: seriesFrom("r", { name, series: 0, step, epoch: step, wall: step, active: step, value: values }, values.length, false),
    label: "a run",
    color: "#1",
    dash: [],
    marker: null,
  };
}

interface Series {
  readonly type: string;
  readonly data: Float64Array;
  readonly lineStyle: { readonly opacity?: number };
  readonly markLine?: { readonly data: readonly { readonly xAxis: number }[] };
}

function seriesOf(specs: readonly LineSpec[], change: Partial<LineSettings> = {}, range: readonly [number, number] | null = null, width = 800): Series[] {
  const wanted = { ...settings, ...change };
  return (lineOption(drawLines(specs, wanted), specs[0]?.data.name ?? "", wanted, range, theme, width) as unknown as { series: Series[] }).series;
}

describe("lines", () => {
  it("draws the raw line faintly below the smoothed one", () => {
    const [raw, smooth] = seriesOf([spec([1, 3, 1, 3, 1, 3])], { smoothing: 0.9 });
    expect([...(raw?.data ?? [])]).toEqual([1, 1, 2, 3, 3, 1, 4, 3, 5, 1, 6, 3]);
    expect(raw?.lineStyle.opacity).toBeLessThan(0.3);
    expect(smooth?.lineStyle.opacity).toBeUndefined();
    expect(seriesOf([spec([1, 3])]).length).toBe(1);
  });

  it("smooths over a fraction of the line, so that densely sampled lines come out smoother", () => {
    const often = drawLines([spec(Array.from({ length: 2000 }, (_, i) => i % 2))], { ...settings, smoothing: 0.99 })[0]?.smooth.at(-1) ?? 0;
    const seldom = drawLines([spec([0, 1, 0, 1, 0, 1])], { ...settings, smoothing: 0.9 })[0]?.smooth.at(-1) ?? 0;
    expect(Math.abs(often - 0.5)).toBeLessThan(0.05);
    expect(seldom).toBeGreaterThan(0.99);
  });

  it.each(["learning-rate", "search/best", "search/score", "train/validation-accuracy", "ghn/validation-accuracy", "anytime/area"])(
    "shows %s as measured: only noisy training curves are smoothed",
    (name) => {
      const values = [1e-3, 1e-3, 5e-4, 5e-4];
      expect(drawLines([spec(values, name)], { ...settings, smoothing: 0.99 })[0]?.smooth).toEqual(values);
    },
  );

  it("quotes measured values, at the pointer or the last one, however much is smoothed", () => {
    const [line] = drawLines([spec([5, 1, 4, null])], { ...settings, smoothing: 0.99 });
    if (line === undefined) throw new Error("No line was drawn.");
    expect(line.smooth[2]).not.toBe(4);
    expect([legendValue(line, null), legendValue(line, 2.2), legendValue(line, 4)]).toEqual([4, 1, null]);
    const [empty] = drawLines([spec([])], settings);
    expect(empty && legendValue(empty, 3)).toBeNull();
  });

  it("leaves gaps where steps were skipped, and marks them", () => {
    const [line] = seriesOf([spec([1, null, 3])]);
    expect([...(line?.data ?? [])]).toEqual([1, 1, 2, Number.NaN, 3, 3]);
    expect(line?.markLine?.data).toEqual([{ xAxis: 2 }]);
  });

  it("omits values that a log axis cannot show", () => {
    const [line] = seriesOf([spec([-1, 0, 2])], { logY: true });
    expect([...(line?.data ?? [])]).toEqual([1, Number.NaN, 2, Number.NaN, 3, 2]);
  });

  it("draws visible points and their neighbours, so that lines reach the edge", () => {
    const [line] = seriesOf([spec([10, 20, 30, 40, 50, 60, 70, 80])], {}, [3.5, 5.5]);
    expect([...(line?.data ?? [])]).toEqual([3, 30, 4, 40, 5, 50, 6, 60]);
  });

  it("keeps the peaks of a long line when there are few pixels", () => {
    const values = Array.from({ length: 50_000 }, (_, i) => (i === 31_234 ? 99 : Math.sin(i)));
    const [line] = seriesOf([spec(values)], {}, null, 300);
    expect(line?.data.length).toBeLessThan(2 * 2 * 302);
    expect(line?.data).toContain(99);
  });
});

describe("labels and exports", () => {
  it("formats axis values with units and without trailing zeros", () => {
    expect(formatX("step", 1500)).toBe("1,500");
    expect(formatX("epoch", 2.5)).toBe("2.5");
    expect(["1.00", "0.500", "10.0\u202f%", "0", "1.20\u202fk", "100"].map(withoutZeros)).toEqual(["1", "0.5", "10\u202f%", "0", "1.2\u202fk", "100"]);
  });

  it("exports every point with all times, gaps empty", () => {
    const { header, rows } = linesCsv(drawLines([spec([1, null])], settings));
    expect(header).toEqual(["line", "metric", "series", "step", "epoch", "Wall time (s)", "Process time (s)", "value", "smoothed"]);
    expect(rows).toEqual([
      ["a run", "ghn/loss", 0, 1, 1, 1, 1, 1, 1],
      ["a run", "ghn/loss", 0, 2, 2, 2, 2, null, null],
    ]);
  });
});
