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
  /** Names of metrics of which there are points, in the order asked for. */
  readonly present: ComputedRef<readonly string[]>;
  linesOf(name: string): readonly LineSpec[];
}

export interface CurveNames {
  run(runId: string): string;
  series(runId: string, series: number): string;
  /** The run whose colour a line wears: a stage wears that of its pipeline where pipelines are compared. */
  owner?(runId: string): string;
}

/**
 * Curves of runs, ready to draw. Lines of different runs wear the colours of their runs; the several trainings of one
 * run wear one each.
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
    // Several trainings of one run among others wear its colour; dash and marker tell them apart.
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
