import { useDebounceFn } from "@vueuse/core";
import { type ComputedRef, computed, type Ref, watch } from "vue";
import { useRunColors } from "../../stores/run-colors.ts";
import { type ChartLink, createLink } from "../../widgets/charts/options/chart-link.ts";
import type { LineSettings, LineSpec } from "../../widgets/charts/options/line-option.ts";
import type { SeriesData } from "../../widgets/charts/options/series.ts";
import { RUN_DASHES, RUN_MARKERS, useChartTheme } from "../../widgets/charts/plot/theme.ts";
import { type RunSeries, useRunSeries } from "./use-run-series.ts";

export interface Curves {
  readonly data: RunSeries;
  readonly link: ChartLink;
  /** Names of the metrics that have points, in the requested order. */
  readonly present: ComputedRef<readonly string[]>;
  linesOf(name: string): readonly LineSpec[];
}

export interface CurveNames {
  run(runId: string): string;
  series(runId: string, series: number): string;
  /** The run that determines the colour of a line: the pipeline of a stage when pipelines are compared. */
  owner?(runId: string): string;
}

/**
 * Curves of runs, ready to draw. Each run has its own colour; with a single run, each of its trainings has
 * its own.
 */
export function useCurves(runIds: Ref<readonly string[]>, names: Ref<readonly string[]>, settings: Ref<LineSettings>, called: CurveNames): Curves {
  const data = useRunSeries(runIds, names);
  const link = createLink();
  const colors = useRunColors();
  const theme = useChartTheme();
  const owner = (runId: string): string => called.owner?.(runId) ?? runId;
  watch(
    () => [...new Set(runIds.value.map(owner))].join(),
    (ids) => ids !== "" && colors.ensure(ids.split(",")),
    { immediate: true },
  );
  watch(
    () => settings.value.x,
    () => {
      link.range = null;
      link.hover = null;
    },
  );
  watch(runIds, () => (link.range = null));
  const look = useDebounceFn(() => link.range !== null && void data.look(settings.value.x, link.range), 180);
  watch(() => link.range, look);

  const byName = computed(() => {
    const groups = new Map<string, SeriesData[]>();
    for (const series of data.series.value.values()) groups.set(series.name, [...(groups.get(series.name) ?? []), series]);
    const lines = new Map<string, LineSpec[]>();
    for (const [name, group] of groups) {
      group.sort((a, b) => runIds.value.indexOf(a.runId) - runIds.value.indexOf(b.runId) || a.series - b.series);
      const runs = new Set(group.map((series) => series.runId));
      lines.set(
        name,
        group.map((series) => specOf(series, runs.size, group.length)),
      );
    }
    return lines;
  });

  function specOf(series: SeriesData, runs: number, lines: number): LineSpec {
    const several = lines > runs;
    const slot = runs === 1 && several ? series.series % RUN_DASHES.length : colors.slot(owner(series.runId));
    const own = called.series(series.runId, series.series);
    const label =
      runs > 1
        ? several && own !== ""
          ? `${called.run(series.runId)} · ${own}`
          : called.run(series.runId)
        : several
          ? own || `series ${series.series + 1}`
          : called.run(series.runId);
    // Among several runs, trainings share the colour of their run and differ in dash and marker.
    const shape = runs > 1 && several ? (slot + series.series) % RUN_DASHES.length : slot;
    return {
      data: series,
      label,
      color: theme.value.runs[slot] ?? "",
      dash: lines > 1 ? (RUN_DASHES[shape] ?? []) : [],
      marker: lines > 1 && lines <= 8 ? (RUN_MARKERS[shape] ?? "circle") : null,
    };
  }

  const present = computed(() => names.value.filter((name) => byName.value.has(name)));
  return { data, link, present, linesOf: (name) => byName.value.get(name) ?? [] };
}
