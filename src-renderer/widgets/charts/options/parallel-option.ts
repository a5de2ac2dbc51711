import type { ChartOption } from "../plot/echarts.ts";
import type { ChartTheme } from "../plot/theme.ts";

export interface ParallelAxis {
  readonly id: string;
  readonly title: string;
  readonly kind: "number" | "category";
  format(value: number): string;
}

export interface ParallelRow {
  readonly id: string;
  readonly label: string;
  readonly color: string;
  /** Number, text, or null if missing; in the order of the axes. */
  readonly values: readonly (number | string | null)[];
}

const PARALLEL_BOX = { left: 70, right: 90, top: 44, bottom: 26 } as const;

/** Labels of a category axis, in natural sort order. */
export function categoriesOf(rows: readonly ParallelRow[], axis: number): string[] {
  return [...new Set(rows.flatMap((row) => (row.values[axis] === null || row.values[axis] === undefined ? [] : [String(row.values[axis])])))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
}

/** One line per run through all axes, interrupted at missing values. */
export function parallelOption(
  rows: readonly ParallelRow[],
  axes: readonly ParallelAxis[],
  theme: ChartTheme,
  marks: { readonly highlighted: string | null; readonly emphasised: ReadonlySet<string> },
): ChartOption {
  const many = rows.length > 20;
  return {
    animation: false,
    parallel: {
      ...PARALLEL_BOX,
      axisExpandable: false,
      parallelAxisDefault: { areaSelectStyle: { width: 18, borderWidth: 1, borderColor: theme.accent, color: theme.accent, opacity: 0.2 } },
    },
    parallelAxis: axes.map((axis, dim) => ({
      dim,
      name: axis.title,
      nameLocation: "end",
      nameGap: 14,
      nameTextStyle: { color: theme.text, fontSize: 11, fontFamily: theme.font },
      nameTruncate: { maxWidth: 130 },
      type: axis.kind === "number" ? "value" : "category",
      ...(axis.kind === "number" ? { scale: true, splitNumber: 4 } : { data: categoriesOf(rows, dim) }),
      axisLine: { lineStyle: { color: theme.line, width: 1 } },
      axisTick: { show: false },
      axisLabel: {
        color: theme.faint,
        fontSize: 11,
        fontFamily: theme.font,
        textBorderColor: theme.surface,
        textBorderWidth: 3,
        ...(axis.kind === "number" ? { formatter: axis.format } : { width: 100, overflow: "truncate" }),
      },
    })),
    series: [
      {
        type: "parallel",
        animation: false,
        smooth: false,
        data: rows.map((row) => {
          const lit = row.id === marks.highlighted;
          const strong = lit || marks.emphasised.has(row.id);
          return {
            name: row.id,
            value: row.values.map((value, i) => (value === null ? "-" : axes[i]?.kind === "category" ? String(value) : value)),
            lineStyle: { color: row.color, width: lit ? 4 : strong ? 2.4 : 1.3, opacity: lit || strong ? 1 : many ? 0.35 : 0.7 },
          };
        }),
        inactiveOpacity: 0.06,
        activeOpacity: 1,
      },
    ],
  };
}
