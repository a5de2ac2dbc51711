import { minMaxIndices } from "../../src-shared/analysis/downsample.ts";
import { smoothOver } from "../../src-shared/analysis/smoothing.ts";
import { count, duration, isFraction, metricInfo, percent, significant, whole } from "../lib/format.ts";
import type { ChartOption } from "./echarts.ts";
import { type XKind, X_TITLES } from "./link.ts";
import { type Line, lineOf, type SeriesData } from "./series.ts";
import { axisStyle, type ChartTheme } from "./theme.ts";

export interface LineSpec {
  readonly data: SeriesData;
  readonly label: string;
  readonly color: string;
  readonly dash: readonly number[];
  /** Shape drawn at a few places of the line; none when the line is alone. */
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

/** Values that are set, not measured: an average of them would show what never was. */
const EXACT: ReadonlySet<string> = new Set(["learning-rate", "search/best", "ghn/skipped"]);

/**
 * Lines over the chosen x, smoothed with a weight that holds over a thousandth of the line, however it is thinned and
 * however seldom it is measured.
 */
export function drawLines(specs: readonly LineSpec[], settings: LineSettings): DrawnLine[] {
  return specs.map((spec) => {
    const raw = lineOf(spec.data, settings.x);
    const length = (raw.x.at(-1) ?? 0) - (raw.x[0] ?? 0);
    return { spec, raw, smooth: settings.smoothing > 0 && !EXACT.has(spec.data.name) ? smoothOver(raw.x, raw.y, settings.smoothing, length / 1000) : raw.y };
  });
}

export function formatX(kind: XKind, value: number): string {
  if (kind === "step") return Math.abs(value) < 10_000 ? whole(value) : count(value);
  if (kind === "epoch") return withoutZeros(significant(value, 3));
  return value === 0 ? "0" : duration(value);
}

export function formatAxisY(name: string): (value: number) => string {
  if (isFraction(name)) return (value) => percent(value, Math.abs(value * 100 - Math.round(value * 100)) < 1e-6 ? 0 : 1);
  return metricInfo(name).unit === "MB" ? (value) => count(value * 1e6) : (value) => (Math.abs(value) >= 1000 ? withoutZeros(count(value)) : withoutZeros(significant(value, 3)));
}

/** Round figures without the zeros behind the point, as axes show them. */
export function withoutZeros(text: string): string {
  return text.replace(/(\.\d*?)0+(?=$|[^\d])/, "$1").replace(/\.(?=$|[^\d])/, "");
}

/** The points in view, at most a lowest and a highest for each pixel; peaks and gaps stay. */
function pairs(x: readonly number[], y: readonly (number | null)[], range: readonly [number, number] | null, settings: LineSettings, width: number): [number, number | null][] {
  const out: [number, number | null][] = [];
  for (let i = 0; i < x.length; i++) {
    const position = x[i] ?? 0;
    if (range !== null && ((x[i + 1] ?? position) < range[0] || (x[i - 1] ?? position) > range[1])) continue;
    if (settings.logX && position <= 0) continue;
    const value = y[i] ?? null;
    out.push([position, value !== null && settings.logY && value <= 0 ? null : value]);
  }
  if (out.length <= 2 * width + 2) return out;
  const kept = minMaxIndices(
    out.map(([position]) => (settings.logX ? Math.log(position) : position)),
    out.map(([, value]) => value),
    width,
  );
  return kept.flatMap((i) => (out[i] === undefined ? [] : [out[i]]));
}

const MOST_SKIP_MARKS = 60;
const MARKERS_PER_LINE = 9;

export function lineOption(lines: readonly DrawnLine[], name: string, settings: LineSettings, range: readonly [number, number] | null, theme: ChartTheme, width = 800): ChartOption {
  const series: Record<string, unknown>[] = [];
  for (const { spec, raw, smooth } of lines) {
    const base = { type: "line", silent: true, animation: false, symbol: "none", connectNulls: false };
    const points = pairs(raw.x, smooth, range, settings, width);
    if (smooth !== raw.y) series.push({ ...base, data: pairs(raw.x, raw.y, range, settings, width), lineStyle: { color: spec.color, width: 1, opacity: lines.length > 1 ? 0.14 : 0.22 }, z: 1 });
    series.push({ ...base, data: points, lineStyle: { color: spec.color, width: 1.7, type: spec.dash.length === 0 ? "solid" : [...spec.dash] }, z: 3 });
    if (spec.data.value.length === 1 || spec.marker !== null) {
      const every = Math.max(1, Math.floor(points.length / MARKERS_PER_LINE));
      const at = points.filter((point, i) => point[1] !== null && (i % every === Math.floor(every / 2) || points.length === 1));
      series.push({ type: "scatter", silent: true, animation: false, data: at, symbol: spec.marker ?? "circle", symbolSize: 6, itemStyle: { color: spec.color }, z: 4 });
    }
  }
  const skipped = lines.flatMap(({ raw }) => raw.skipped).filter((x) => (range === null || (x >= range[0] && x <= range[1])) && (!settings.logX || x > 0));
  // With several lines nobody could tell whose step it was; the count and the gaps stay.
  if (lines.length === 1 && skipped.length > 0 && series[0] !== undefined) {
    const every = Math.ceil(skipped.length / MOST_SKIP_MARKS);
    series[0].markLine = { silent: true, animation: false, symbol: "none", label: { show: false }, lineStyle: { color: theme.warn, width: 1, type: [2, 3], opacity: 0.7 }, data: skipped.filter((_, i) => i % every === 0).map((xAxis) => ({ xAxis })) };
  }
  const axis = axisStyle(theme);
  return {
    animation: false,
    backgroundColor: "transparent",
    grid: { ...PLOT_BOX, containLabel: false },
    xAxis: { ...axis, type: settings.logX ? "log" : "value", min: range?.[0] ?? "dataMin", max: range?.[1] ?? "dataMax", splitLine: { show: false }, axisLabel: { ...(axis.axisLabel as object), formatter: (value: number) => formatX(settings.x, value), showMinLabel: true } },
    yAxis: { ...axis, type: settings.logY ? "log" : "value", scale: true, axisLine: { show: false }, splitNumber: 4, axisLabel: { ...(axis.axisLabel as object), formatter: formatAxisY(name) } },
    series,
  };
}

export function linesCsv(lines: readonly DrawnLine[]): { header: string[]; rows: (string | number | null)[][] } {
  const rows = lines.flatMap(({ spec, smooth, raw }) => {
    const { data } = spec;
    return data.value.map((value, i) => [spec.label, data.name, data.series, data.step[i] ?? null, data.epoch[i] ?? null, data.wall[i] ?? null, data.active[i] ?? null, value, raw.x.length === data.value.length ? (smooth[i] ?? null) : null]);
  });
  return { header: ["line", "metric", "series", "step", "epoch", `${X_TITLES.wall} (s)`, `${X_TITLES.active} (s)`, "value", "smoothed"], rows };
}
