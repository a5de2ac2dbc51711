import { type ComputedRef, computed } from "vue";
import { useTheme } from "../../../stores/preferences/theme.ts";

export interface ChartTheme {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly gridLine: string;
  readonly surface: string;
  readonly accent: string;
  readonly warn: string;
  readonly good: string;
  readonly bad: string;
  readonly font: string;
  readonly runs: readonly string[];
}

/** Dash and marker of each run slot, to tell runs apart without relying on colour. */
export const RUN_DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2.5], [9, 3, 2, 3], [], [7, 3], [2, 2.5], [9, 3, 2, 3]];
export const RUN_MARKERS: readonly string[] = ["circle", "rect", "triangle", "diamond", "rect", "triangle", "diamond", "circle"];

function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: value("--text-2"),
    faint: value("--text-3"),
    line: value("--line"),
    gridLine: value("--grid-line"),
    surface: value("--surface"),
    accent: value("--accent"),
    warn: value("--warn"),
    good: value("--good"),
    bad: value("--bad"),
    // Single quotes, because the name is used in style attributes of exported images.
    font: value("--font-sans").replaceAll('"', "'"),
    runs: Array.from({ length: 8 }, (_, i) => value(`--run-${i}`)),
  };
}

/** Colours of the charts; changes with the theme. */
export function useChartTheme(): ComputedRef<ChartTheme> {
  const theme = useTheme();
  return computed(() => {
    // Read as a dependency: the data-theme attribute follows it in the same tick.
    document.documentElement.dataset.theme = theme.dark ? "dark" : "light";
    return readTheme();
  });
}

/** Common axis style: thin lines, small labels. */
export function axisStyle(theme: ChartTheme): Record<string, unknown> {
  return {
    axisLine: { show: true, lineStyle: { color: theme.line } },
    axisTick: { show: false },
    splitLine: { show: true, lineStyle: { color: theme.gridLine, width: 1 } },
    axisLabel: { color: theme.faint, fontSize: 11, fontFamily: theme.font, hideOverlap: true },
    nameTextStyle: { color: theme.faint, fontSize: 11, fontFamily: theme.font },
  };
}
