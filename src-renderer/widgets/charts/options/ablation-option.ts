import { coefficient } from "../../../lib/format.ts";
import type { ChartOption } from "../plot/echarts.ts";
import { axisStyle, type ChartTheme, RUN_DASHES, RUN_MARKERS } from "../plot/theme.ts";

export interface AblationPoint {
  /** Index of its category. */
  readonly place: number;
  readonly variant: string;
  readonly value: number;
  readonly interval: readonly [number, number] | null;
  /** Coefficient per seed. */
  readonly seeds: readonly number[];
}

/** Coefficients of the variants of a study. */
export interface AblationShape {
  /** Title of the axis; empty if the variants are only listed. */
  readonly title: string;
  readonly categories: readonly string[];
  /** Whether the points of a line form a sequence, as for a numeric setting. */
  readonly joined: boolean;
  readonly lines: readonly { readonly name: string; readonly points: readonly AblationPoint[] }[];
  /** Expected coefficient of a perfect predictor; null if unknown. */
  readonly ceiling: number | null;
}

const ABLATION_BOX = { left: 66, right: 18, top: 14, bottom: 46 } as const;
/** Offset between lines, as a fraction of a category, so that their whiskers do not overlap. */
const SHIFT = 0.09;

/** Each variant as a marker with its interval, and its seeds as small rings; markers of one line are connected. */
export function ablationOption(shape: AblationShape, theme: ChartTheme, yName: string, width: number): ChartOption {
  const axis = axisStyle(theme);
  const series: Record<string, unknown>[] = shape.lines.flatMap(({ points }, l) => {
    const slot = l % 8;
    const color = theme.runs[slot] ?? theme.text;
    const shift = SHIFT * (l - (shape.lines.length - 1) / 2);
    const at = ({ place }: AblationPoint): number => place + shift;
    const plain = { silent: true, animation: false };
    return [
      ...points.flatMap((point) =>
        point.interval === null
          ? []
          : [
              {
                ...plain,
                type: "line",
                symbol: "none",
                data: point.interval.map((end) => [at(point), end]),
                lineStyle: { color, width: 2, opacity: 0.75 },
                z: 3,
              },
            ],
      ),
      {
        ...plain,
        type: "line",
        symbol: RUN_MARKERS[slot] ?? "circle",
        symbolSize: 9,
        itemStyle: { color, borderColor: theme.surface, borderWidth: 1 },
        lineStyle: { color, width: shape.joined ? 1.7 : 0, type: RUN_DASHES[slot]?.length ? RUN_DASHES[slot] : "solid" },
        data: points.map((point) => [at(point), point.value]),
        z: 5,
      },
      {
        ...plain,
        type: "scatter",
        symbol: "circle",
        symbolSize: 6,
        itemStyle: { color: "transparent", borderColor: color, borderWidth: 1.4, opacity: 0.8 },
        data: points.flatMap((point) => (point.seeds.length < 2 ? [] : point.seeds.map((value) => [at(point) + 0.035, value]))),
        z: 4,
      },
    ];
  });
  if (shape.ceiling !== null)
    series.push({
      type: "line",
      silent: true,
      animation: false,
      symbol: "none",
      data: [],
      markLine: {
        silent: true,
        animation: false,
        symbol: "none",
        label: {
          show: true,
          position: "insideStartTop",
          formatter: `noise ceiling ${coefficient(shape.ceiling)}`,
          color: theme.text,
          fontSize: 11,
          fontFamily: theme.font,
        },
        lineStyle: { color: theme.text, width: 1.2, type: [5, 4] },
        data: [{ yAxis: shape.ceiling }],
      },
    });
  const all = shape.lines.flatMap(({ points }) => points.flatMap((point) => [point.value, ...(point.interval ?? []), ...point.seeds]));
  const [lowest, highest] = [Math.min(0, ...all), Math.max(0.2, ...all, shape.ceiling ?? 0)];
  const tick = highest - lowest > 1 ? 0.5 : 0.2;
  const room = Math.floor((width - ABLATION_BOX.left - ABLATION_BOX.right) / Math.max(1, shape.categories.length)) - 8;
  return {
    animation: false,
    grid: { ...ABLATION_BOX },
    xAxis: {
      ...axis,
      type: "value",
      min: -0.5,
      max: shape.categories.length - 0.5,
      interval: 0.5,
      name: shape.title,
      nameLocation: "middle",
      nameGap: 26,
      splitLine: { show: false },
      axisLabel: {
        ...(axis["axisLabel"] as object),
        hideOverlap: false,
        width: Math.max(30, room),
        overflow: "truncate",
        formatter: (value: number) => shape.categories[value] ?? "",
      },
    },
    yAxis: {
      ...axis,
      type: "value",
      min: tick * Math.floor(lowest / tick + 1e-9),
      max: tick * Math.ceil(highest / tick - 1e-9),
      interval: tick,
      name: yName,
      nameLocation: "middle",
      nameGap: 46,
      axisLine: { show: false },
      axisLabel: { ...(axis["axisLabel"] as object), formatter: (value: number) => coefficient(value) },
    },
    series,
  };
}
