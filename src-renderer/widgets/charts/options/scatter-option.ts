import type { ChartOption } from "../plot/echarts.ts";
import { axisStyle, type ChartTheme } from "../plot/theme.ts";
import { withoutZeros } from "./line-option.ts";

export type ScatterGroup = "none" | "shortlist" | "random" | "front" | "outlier";

export interface ScatterPoint {
  readonly id: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly group: ScatterGroup;
}

export interface ScatterShape {
  readonly xName: string;
  readonly yName: string;
  formatX(value: number): string;
  formatY(value: number): string;
  /** Regression line, given by its end points. */
  readonly line?: readonly [readonly [number, number], readonly [number, number]] | null;
  /** Pareto front, ordered by x. */
  readonly front?: readonly (readonly [number, number])[];
}

export const SCATTER_BOX = { left: 66, right: 16, top: 10, bottom: 42 } as const;

/** Colour and shape of each group, so that neither is needed to tell groups apart. */
export function groupStyle(group: ScatterGroup, theme: ChartTheme): { color: string; symbol: string; size: number; name: string; hollow?: boolean } {
  switch (group) {
    case "shortlist":
      return { color: theme.runs[0] ?? "", symbol: "diamond", size: 10, name: "Shortlist" };
    case "random":
      return { color: theme.runs[1] ?? "", symbol: "triangle", size: 8, name: "Random" };
    case "front":
      return { color: theme.runs[2] ?? "", symbol: "rect", size: 7, name: "Pareto front" };
    case "outlier":
      return { color: theme.runs[3] ?? "", symbol: "circle", size: 10, name: "Residual outlier", hollow: true };
    case "none":
      return { color: theme.faint, symbol: "circle", size: 5, name: "Scored" };
  }
}

const GROUPS: readonly ScatterGroup[] = ["none", "random", "front", "shortlist", "outlier"];

export function scatterOption(
  points: readonly ScatterPoint[],
  shape: ScatterShape,
  theme: ChartTheme,
  marks: { highlighted: string | null; picked: ReadonlySet<string> | null },
): ChartOption {
  const axis = axisStyle(theme);
  const series: Record<string, unknown>[] = [];
  for (const group of GROUPS) {
    const own = points.filter((point) => point.group === group);
    if (own.length === 0) continue;
    const style = groupStyle(group, theme);
    series.push({
      type: "scatter",
      silent: true,
      animation: false,
      symbol: style.symbol,
      symbolSize: style.size,
      itemStyle:
        style.hollow === true
          ? { color: "transparent", borderColor: style.color, borderWidth: 2 }
          : { color: style.color, opacity: group === "none" ? 0.55 : 0.95 },
      data:
        marks.picked === null
          ? own.map((point) => [point.x, point.y])
          : own.map((point) => ({ value: [point.x, point.y], itemStyle: { opacity: marks.picked?.has(point.id) === true ? 1 : 0.12 } })),
      z: 3,
    });
  }
  const lit = points.find((point) => point.id === marks.highlighted);
  if (lit !== undefined)
    series.push({
      type: "scatter",
      silent: true,
      animation: false,
      symbol: "circle",
      symbolSize: 15,
      itemStyle: { color: "transparent", borderColor: theme.text, borderWidth: 2 },
      data: [[lit.x, lit.y]],
      z: 6,
    });
  if (shape.line)
    series.push({
      type: "line",
      silent: true,
      animation: false,
      symbol: "none",
      data: shape.line,
      lineStyle: { color: theme.text, width: 1.4, type: [6, 4] },
      z: 2,
    });
  if (shape.front !== undefined && shape.front.length > 0)
    series.push({
      type: "line",
      silent: true,
      animation: false,
      symbol: "none",
      step: "end",
      data: shape.front,
      lineStyle: { color: theme.runs[2] ?? "", width: 1.5 },
      z: 2,
    });
  return {
    animation: false,
    grid: { ...SCATTER_BOX },
    xAxis: {
      ...axis,
      type: "value",
      scale: true,
      name: shape.xName,
      nameLocation: "middle",
      nameGap: 26,
      axisLabel: { ...(axis.axisLabel as object), formatter: (value: number) => withoutZeros(shape.formatX(value)) },
    },
    yAxis: {
      ...axis,
      type: "value",
      scale: true,
      axisLine: { show: false },
      name: shape.yName,
      nameLocation: "middle",
      nameGap: 46,
      splitNumber: 4,
      axisLabel: { ...(axis.axisLabel as object), formatter: (value: number) => withoutZeros(shape.formatY(value)) },
    },
    series,
  };
}
