import { configValue } from "../../../../src-shared/analysis/format.ts";
import { compareConfigs, flattenConfig } from "../../../../src-shared/domain/config/config-diff.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { fieldTitle } from "../../../features/runs/config-rows.ts";
import { duration, metricInfo, metricValue, significant, whole } from "../../../lib/format.ts";
import { withoutZeros } from "../../../widgets/charts/options/line-option.ts";
import type { ParallelAxis } from "../../../widgets/charts/options/parallel-option.ts";
import { metricsOf } from "../selection/compare-data.ts";

export interface AxisChoice extends ParallelAxis {
  readonly group: "Setting" | "Result";
  valueOf(run: RunDetail): number | string | null;
}

/** All possible axes: settings that differ, best metric values, and time. */
export function axisChoices(runs: readonly RunDetail[]): AxisChoice[] {
  const settings = compareConfigs(runs.map((run) => run.config))
    .filter((row) => row.differs && row.path !== "kind" && !/^source\.|ghnRunId$/.test(row.path))
    .map((row): AxisChoice => {
      const numeric = row.values.every((value) => value === undefined || typeof value === "number");
      const owner = runs.find((run) => flattenConfig(run.config).has(row.path));
      return {
        id: row.path,
        group: "Setting",
        title: owner === undefined ? row.path : fieldTitle(owner.config.kind, row.path).title,
        kind: numeric ? "number" : "category",
        format: (value) => (Number.isInteger(value) ? whole(value) : withoutZeros(significant(value, 3))),
        valueOf: (run) => {
          const value = flattenConfig(run.config).get(row.path);
          return value === undefined ? null : numeric && typeof value === "number" ? value : configValue(value);
        },
      };
    });
  const names = [...new Set(runs.flatMap((run) => Object.keys(metricsOf(run))))].filter(
    (name) => !name.startsWith("system/") && metricInfo(name).better !== "none",
  );
  const results = names.map(
    (name): AxisChoice => ({
      id: `best:${name}`,
      group: "Result",
      title: `${metricInfo(name).title}, best`,
      kind: "number",
      format: (value) => withoutZeros(metricValue(name, value)),
      valueOf: (run) => metricsOf(run)[name]?.best ?? null,
    }),
  );
  const time: AxisChoice = {
    id: "time",
    group: "Result",
    title: "Process time",
    kind: "number",
    format: duration,
    valueOf: (run) => (run.activeSeconds > 0 ? run.activeSeconds : null),
  };
  return [...settings, ...results, time];
}

/** Default axes: a few settings, then results. */
export function defaultAxes(choices: readonly AxisChoice[], runs: readonly RunDetail[]): string[] {
  const filled = (axis: AxisChoice): number => runs.filter((run) => axis.valueOf(run) !== null).length;
  const frequent = choices.filter((axis) => filled(axis) >= runs.length / 2);
  const settings = frequent.filter((axis) => axis.group === "Setting").slice(0, 5);
  const results = frequent
    .filter((axis) => axis.group === "Result")
    .sort((a, b) => Number(/accuracy|score|best$/.test(b.id)) - Number(/accuracy|score|best$/.test(a.id)));
  return [...settings, ...results.slice(0, 3)].map((axis) => axis.id);
}
