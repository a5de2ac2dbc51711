import { minMaxIndices } from "../../../../src-shared/analysis/curves/downsample.ts";
import { smoothOver } from "../../../../src-shared/analysis/curves/smoothing.ts";
import { count, duration, isFraction, metricInfo, percent, significant, whole } from "../../../lib/format.ts";
import type { ChartOption } from "../plot/echarts.ts";
import { axisStyle, type ChartTheme } from "../plot/theme.ts";
import { X_TITLES, type XKind } from "./chart-link.ts";
import { type Line, lineOf, nearest, type SeriesData } from "./series.ts";

export interface LineSpec {
  readonly data: SeriesData;
  readonly label: string;
  readonly color: string;
  readonly dash: readonly number[];
  /** Marker drawn at a few points of the line; none for a single line. */
  readonly marker: string | null;
}

export interface LineSettings {
  readonly x: XKind;
  readonly smoothing: number;
  readonly logX: boolean;
  readonly logY: boolean;
}

export interface DrawnLine {
  readonly spec: LineSpec;
  readonly raw: Line;
  readonly smooth: readonly (number | null)[];
}

export const PLOT_BOX = { left: 56, right: 14, top: 8, bottom: 26 } as const;

/** Noisy curves, measured at every training step. All others are shown as measured: smoothing would show values that never occurred. */
const NOISY: ReadonlySet<string> = new Set(["ghn/loss", "ghn/accuracy", "ghn/gradient-norm", "train/loss", "train/accuracy", "images-per-second"]);

/**
 * Lines over the chosen x, smoothed with a weight that holds over a thousandth of the line, however it is thinned and
 * however seldom it is measured.
 */
export function drawLines(specs: readonly LineSpec[], settings: LineSettings): DrawnLine[] {
  return specs.map((spec) => {
    const raw = lineOf(spec.data, settings.x);
    const length = (raw.x.at(-1) ?? 0) - (raw.x[0] ?? 0);
    return { spec, raw, smooth: settings.smoothing > 0 && NOISY.has(spec.data.name) ? smoothOver(raw.x, raw.y, settings.smoothing, length / 1000) : raw.y };
  });
}

/** The measured value of a line at a place, or its last one; never a smoothed value. Null if there is none. */
export function legendValue({ raw }: DrawnLine, at: number | null): number | null {
  if (raw.x.length === 0) return null;
  return (at === null ? raw.y.findLast((value) => value !== null) : raw.y[nearest(raw.x, at)]) ?? null;
}

export function formatX(kind: XKind, value: number): string {
  if (kind === "step") return Math.abs(value) < 10_000 ? whole(value) : count(value);
  if (kind === "epoch") return withoutZeros(significant(value, 3));
  return value === 0 ? "0" : duration(value);
}

function formatAxisY(name: string): (value: number) => string {
  if (isFraction(name)) return (value) => percent(value, Math.abs(value * 100 - Math.round(value * 100)) < 1e-6 ? 0 : 1);
  return metricInfo(name).unit === "MB"
    ? (value) => count(value * 1e6)
    : (value) => (Math.abs(value) >= 1000 ? withoutZeros(count(value)) : withoutZeros(significant(value, 3)));
}

/** Removes trailing zeros, for axis labels. */
export function withoutZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?=$|[^\d])/, "$1").replace(/\.(?=$|[^\d])/, "");
}

/**
 * The visible points as x, y, x, y …, with at most a minimum and a maximum per pixel; peaks and gaps (NaN) are kept. A typed array,
 * because the chart library copies its input, and typed arrays are cheap to copy.
 */
function pairs(
  x: readonly number[],
  y: readonly (number | null)[],
  range: readonly [number, number] | null,
  settings: LineSettings,
  width: number,
): Float64Array {
  const from = range === null ? 0 : Math.max(0, firstAbove(x, range[0]) - 1);
  const to = range === null ? x.length : Math.min(x.length, firstAbove(x, range[1]) + 1);
  const px: number[] = [];
  const py: (number | null)[] = [];
  for (let i = from; i < to; i++) {
    const position = x[i] ?? 0;
    if (settings.logX && position <= 0) continue;
    const value = y[i] ?? null;
    px.push(position);
    py.push(value !== null && settings.logY && value <= 0 ? null : value);
  }
  const kept = px.length <= 2 * width + 2 ? null : minMaxIndices(settings.logX ? px.map(Math.log) : px, py, width);
  const flat = new Float64Array(2 * (kept?.length ?? px.length));
  for (let k = 0; 2 * k < flat.length; k++) {
    const i = kept === null ? k : (kept[k] ?? 0);
    flat[2 * k] = px[i] ?? 0;
    flat[2 * k + 1] = py[i] ?? Number.NaN;
  }
  return flat;
}

/** Index of the first x above a value; x is ascending. */
function firstAbove(x: readonly number[], place: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Positions of the markers along a line. */
function markersOf(points: Float64Array): [number, number][] {
  const count = points.length / 2;
  const every = Math.max(1, Math.floor(count / MARKERS_PER_LINE));
  const at: [number, number][] = [];
  for (let i = count === 1 ? 0 : Math.floor(every / 2); i < count; i += every)
    if (!Number.isNaN(points[2 * i + 1])) at.push([points[2 * i] ?? 0, points[2 * i + 1] ?? 0]);
  return at;
}

const MOST_SKIP_MARKS = 60;
const MARKERS_PER_LINE = 9;

export function lineOption(
  lines: readonly DrawnLine[],
  name: string,
  settings: LineSettings,
  range: readonly [number, number] | null,
  theme: ChartTheme,
  width = 800,
  raw = true,
): ChartOption {
  const series: Record<string, unknown>[] = [];
  for (const { spec, raw: measured, smooth } of lines) {
    const base = { type: "line", silent: true, animation: false, symbol: "none", showSymbol: false, connectNulls: false, dimensions: ["x", "y"] };
    const points = pairs(measured.x, smooth, range, settings, width);
    if (raw && smooth !== measured.y)
      series.push({
        ...base,
        data: pairs(measured.x, measured.y, range, settings, width),
        lineStyle: { color: spec.color, width: 1, opacity: lines.length > 1 ? 0.14 : 0.22 },
        z: 1,
      });
    series.push({
      ...base,
      name: spec.label,
      itemStyle: { color: spec.color },
      data: points,
      lineStyle: { color: spec.color, width: 1.7, type: spec.dash.length === 0 ? "solid" : [...spec.dash] },
      z: 3,
    });
    if (spec.data.value.length === 1 || spec.marker !== null) {
      const at = markersOf(points);
      series.push({
        type: "scatter",
        silent: true,
        animation: false,
        data: at,
        symbol: spec.marker ?? "circle",
        symbolSize: 6,
        itemStyle: { color: spec.color },
        z: 4,
      });
    }
  }
  const skipped = lines.flatMap((line) => line.raw.skipped).filter((x) => (range === null || (x >= range[0] && x <= range[1])) && (!settings.logX || x > 0));
  // With several lines it would be unclear which line skipped the step; the count and the gaps are still shown.
  if (lines.length === 1 && skipped.length > 0 && series[0] !== undefined) {
    const every = Math.ceil(skipped.length / MOST_SKIP_MARKS);
    series[0].markLine = {
      silent: true,
      animation: false,
      symbol: "none",
      label: { show: false },
      lineStyle: { color: theme.warn, width: 1, type: [2, 3], opacity: 0.7 },
      data: skipped.filter((_, i) => i % every === 0).map((xAxis) => ({ xAxis })),
    };
  }
  const axis = axisStyle(theme);
  return {
    animation: false,
    backgroundColor: "transparent",
    grid: { ...PLOT_BOX, containLabel: false },
    xAxis: {
      ...axis,
      type: settings.logX ? "log" : "value",
      min: range?.[0] ?? "dataMin",
      max: range?.[1] ?? "dataMax",
      splitLine: { show: false },
      axisLabel: { ...(axis.axisLabel as object), formatter: (value: number) => formatX(settings.x, value), showMinLabel: true, alignMaxLabel: "right" },
    },
    yAxis: {
      ...axis,
      type: settings.logY ? "log" : "value",
      scale: true,
      axisLine: { show: false },
      splitNumber: 4,
      axisLabel: { ...(axis.axisLabel as object), formatter: formatAxisY(name) },
    },
    series,
  };
}

export function linesCsv(lines: readonly DrawnLine[]): { header: string[]; rows: (string | number | null)[][] } {
  const rows = lines.flatMap(({ spec, smooth, raw }) => {
    const { data } = spec;
    return data.value.map((value, i) => [
      spec.label,
      data.name,
      data.series,
      data.step[i] ?? null,
      data.epoch[i] ?? null,
      data.wall[i] ?? null,
      data.active[i] ?? null,
      value,
      raw.x.length === data.value.length ? (smooth[i] ?? null) : null,
    ]);
  });
  return { header: ["line", "metric", "series", "step", "epoch", `${X_TITLES.wall} (s)`, `${X_TITLES.active} (s)`, "value", "smoothed"], rows };
}

/** The chart as a standalone image with title, x-axis name and legend. */
export function pictureOption(option: ChartOption, title: string, xTitle: string, labels: readonly string[], theme: ChartTheme): ChartOption {
  const several = labels.length > 1;
  const text = { color: theme.text, fontFamily: theme.font };
  const { grid, xAxis } = option as { grid: Record<string, unknown>; xAxis: Record<string, unknown> };
  return {
    ...option,
    backgroundColor: theme.surface,
    title: { text: title, left: 12, top: 8, textStyle: { ...text, fontSize: 14, fontWeight: 600 } },
    ...(several
      ? {
          legend: {
            data: [...labels],
            left: 10,
            top: 30,
            type: "plain",
            icon: "roundRect",
            itemWidth: 18,
            itemHeight: 4,
            itemGap: 22,
            textStyle: { ...text, fontSize: 11 },
          },
        }
      : {}),
    grid: { ...grid, top: several ? 44 + 18 * Math.ceil(labels.length / 2) : 40, bottom: 44 },
    xAxis: { ...xAxis, name: xTitle, nameLocation: "middle", nameGap: 26 },
  };
}
