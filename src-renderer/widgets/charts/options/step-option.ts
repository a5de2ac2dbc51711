import type { ExitFigures } from "../../../../src-shared/analysis/curves/anytime-curve.ts";
import { exitUnderBudget, stepCurve } from "../../../../src-shared/analysis/curves/anytime-curve.ts";
import { count, percent } from "../../../lib/format.ts";
import type { ChartOption } from "../plot/echarts.ts";
import { axisStyle, type ChartTheme, RUN_DASHES, RUN_MARKERS } from "../plot/theme.ts";
import { withoutZeros } from "./line-option.ts";

/** The curve of one early-exit network. */
export interface StepSpec {
  readonly id: string;
  readonly label: string;
  /** Its colour, dash and marker. */
  readonly slot: number;
  readonly exits: readonly ExitFigures[];
}

export interface StepShape {
  readonly maxBudget: number;
  readonly chance: number;
  /** Drawn as a vertical line; the exits used within it are highlighted. */
  readonly budget: number;
}

export const STEP_BOX = { left: 66, right: 18, top: 12, bottom: 44 } as const;

/** Step curves of accuracy over multiply-adds, with exits as markers; those used within the budget are larger. */
export function stepOption(specs: readonly StepSpec[], shape: StepShape, theme: ChartTheme, highlighted: string | null): ChartOption {
  const axis = axisStyle(theme);
  const range = { maxMultiplyAdds: shape.maxBudget, chance: shape.chance };
  const series: Record<string, unknown>[] = specs.flatMap((spec) => {
    const slot = spec.slot % 8;
    const color = theme.runs[slot] ?? theme.text;
    const answering = exitUnderBudget(spec.exits, shape.budget);
    const faded = highlighted !== null && highlighted !== spec.id;
    return [
      {
        type: "line",
        name: spec.label,
        silent: true,
        animation: false,
        symbol: "none",
        data: stepCurve(spec.exits, range).map((point) => [point.multiplyAdds, point.accuracy]),
        lineStyle: {
          color,
          width: highlighted === spec.id ? 2.6 : 1.7,
          type: RUN_DASHES[slot]?.length ? RUN_DASHES[slot] : "solid",
          opacity: faded ? 0.25 : 1,
        },
        z: highlighted === spec.id ? 4 : 2,
      },
      {
        type: "scatter",
        silent: true,
        animation: false,
        symbol: RUN_MARKERS[slot] ?? "circle",
        data: spec.exits.flatMap((exit, i) =>
          exit.multiplyAdds > shape.maxBudget
            ? []
            : [
                {
                  value: [exit.multiplyAdds, exit.accuracy],
                  symbolSize: i === answering ? 12 : 7,
                  itemStyle: {
                    color,
                    opacity: faded ? 0.3 : 1,
                    borderColor: i === answering ? theme.text : theme.surface,
                    borderWidth: i === answering ? 2 : 1,
                  },
                },
              ],
        ),
        z: 5,
      },
    ];
  });
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
      label: { show: false },
      lineStyle: { color: theme.text, width: 1.2, type: [4, 4] },
      data: [{ xAxis: shape.budget }],
    },
  });
  return {
    animation: false,
    grid: { ...STEP_BOX },
    xAxis: {
      ...axis,
      type: "value",
      min: 0,
      max: shape.maxBudget,
      name: "Budget: multiply-adds",
      nameLocation: "middle",
      nameGap: 26,
      axisLabel: { ...(axis.axisLabel as object), formatter: (value: number) => withoutZeros(count(value)) },
    },
    yAxis: {
      ...axis,
      type: "value",
      scale: true,
      name: "Accuracy",
      nameLocation: "middle",
      nameGap: 46,
      axisLine: { show: false },
      splitNumber: 5,
      axisLabel: { ...(axis.axisLabel as object), formatter: (value: number) => withoutZeros(percent(value, 1)) },
    },
    series,
  };
}
