import { sameValue } from "../../../../src-shared/domain/config/config-diff.ts";
import { fieldPaths } from "../../../../src-shared/domain/config/config-fields.ts";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";
import { fieldTitle } from "../../../features/runs/config-rows.ts";
import { configValue } from "../../../lib/format.ts";
import type { GridColumn } from "../../../widgets/grid/grid.ts";

/** Settings of a run by dotted path. */
export type RunSettings = Readonly<Record<string, unknown>>;

export const SETTING_PREFIX = "setting:";

/** One column per setting that runs of these kinds have, hidden until chosen. */
export function settingColumns(kinds: readonly RunKind[]): GridColumn[] {
  const columns = new Map<string, GridColumn>();
  for (const kind of kinds)
    for (const path of fieldPaths(kind)) {
      // These have columns of their own.
      if (path === "kind" || path === "seed" || path === "dataset.id" || columns.has(path)) continue;
      const { title } = fieldTitle(kind, path);
      columns.set(path, { id: `${SETTING_PREFIX}${path}`, title, hint: `${title} (${path})`, width: 130, align: "right" });
    }
  return [...columns.values()];
}

/** Paths in which runs that have a setting differ, in order of appearance; a setting of a single run does not tell runs apart. */
export function differingSettings(runs: readonly RunSettings[]): string[] {
  const paths = [...new Set(runs.flatMap((run) => Object.keys(run)))];
  return paths.filter((path) => {
    const values = runs.flatMap((run) => (Object.hasOwn(run, path) ? [run[path]] : []));
    return values.length > 1 && values.some((value) => !sameValue(value, values[0]));
  });
}

export function settingText(settings: RunSettings | undefined, columnId: string): string {
  const path = columnId.slice(SETTING_PREFIX.length);
  if (settings === undefined || !Object.hasOwn(settings, path)) return "";
  return configValue(settings[path]);
}
