import { FIGURE_IDS, FIGURES, type FigureId, figureText, isFigureId } from "../../../src-shared/analysis/figures/figure-list.ts";
import type { RunKind } from "../../../src-shared/domain/config/run-config.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { metricInfo, metricValue } from "../../lib/format.ts";
import type { GridColumn, GridState } from "../../widgets/grid/grid.ts";
import { SETTING_PREFIX, settingColumns } from "./settings/setting-columns.ts";

const FIXED: readonly GridColumn[] = [
  { id: "starred", title: "★", hint: "Starred", width: 40, sortKey: "starred", descendingFirst: true },
  { id: "name", title: "Name", width: 290, sortKey: "name" },
  { id: "status", title: "Status", width: 132, sortKey: "status" },
  { id: "kind", title: "Kind", width: 116, sortKey: "kind" },
  { id: "dataset", title: "Dataset", width: 112, sortKey: "datasetId" },
  { id: "created", title: "Created", width: 130, sortKey: "createdAt", descendingFirst: true },
  { id: "time", title: "Time", hint: "Process time over all attempts", width: 104, align: "right", sortKey: "activeSeconds", descendingFirst: true },
  { id: "started", title: "Started", width: 130, sortKey: "startedAt", descendingFirst: true },
  { id: "finished", title: "Finished", width: 130, sortKey: "finishedAt", descendingFirst: true },
  { id: "seed", title: "Seed", width: 76, align: "right", sortKey: "seed" },
  { id: "backend", title: "Backend", width: 130 },
  { id: "device", title: "Device", width: 150 },
  { id: "tags", title: "Tags", width: 150 },
];

/** Figures shown by default; the others and all metrics can be added. */
const DEFAULT_FIGURES: readonly FigureId[] = ["testAccuracy", "validationAccuracy", "bestScore", "ghnScore"];
const TEXT_FIGURES: ReadonlySet<FigureId> = new Set(["winner"]);
const FIGURE_COLUMNS: readonly GridColumn[] = FIGURE_IDS.map((id) => {
  const { title, short, hint } = FIGURES[id];
  const text = TEXT_FIGURES.has(id);
  return {
    id: `figure:${id}`,
    title: short ?? title,
    hint: `${title}. ${hint}`,
    width: id === "rankCorrelation" || text ? 140 : 130,
    align: text ? "left" : "right",
    sortKey: `figure:${id}`,
    descendingFirst: FIGURES[id].better === "higher",
  };
});
const HIDDEN_FIXED = ["started", "finished", "seed", "backend", "device", "tags"];

export function runColumns(metricNames: readonly string[], kinds: readonly RunKind[] = []): GridColumn[] {
  const metrics = [...metricNames].sort().flatMap((name) =>
    (["best", "last"] as const).map((which): GridColumn => {
      const id = `metric:${name}:${which}`;
      const { title, better } = metricInfo(name);
      return {
        id,
        title: `${title} · ${which}`,
        hint: `${title}, ${which} value of the curve`,
        width: 170,
        align: "right",
        sortKey: id,
        descendingFirst: better !== "lower",
      };
    }),
  );
  return [...FIXED, ...FIGURE_COLUMNS, ...settingColumns(kinds), ...metrics];
}

export function defaultState(columns: readonly GridColumn[]): GridState {
  const hidden = columns
    .map((column) => column.id)
    .filter(
      (id) =>
        HIDDEN_FIXED.includes(id) ||
        id.startsWith("metric:") ||
        id.startsWith(SETTING_PREFIX) ||
        (id.startsWith("figure:") && !DEFAULT_FIGURES.some((figure) => id === `figure:${figure}`)),
    );
  return {
    order: [
      "starred",
      "name",
      "status",
      ...DEFAULT_FIGURES.map((id) => `figure:${id}`),
      ...FIXED.map((column) => column.id).filter((id) => !["starred", "name", "status"].includes(id)),
    ],
    hidden,
    pinned: ["starred", "name"],
    widths: {},
  };
}

/** The text of a figure or metric column. */
export function resultCell(run: RunSummary, columnId: string): string {
  const figure = columnId.startsWith("figure:") ? columnId.slice("figure:".length) : "";
  if (isFigureId(figure)) return figureText(run.figures, figure) ?? "";
  const match = /^metric:(.+):(last|best)$/.exec(columnId);
  const name = match?.[1] ?? "";
  const summary = run.metrics[name];
  if (summary === undefined) return "";
  return metricValue(name, match?.[2] === "last" ? summary.last : summary.best);
}

function isSetting(id: string): boolean {
  return id.startsWith(SETTING_PREFIX);
}

/** The columns of a state with the settings in which runs differ instead of the chosen ones. */
export function withSettings(state: GridState, columns: readonly GridColumn[], paths: readonly string[]): GridState {
  const shown = new Set(paths.map((path) => `${SETTING_PREFIX}${path}`));
  const others = state.order.filter((id) => !isSetting(id));
  // Next to the results, in view without scrolling.
  const first = others.findIndex((id) => id.startsWith("figure:"));
  const place = first < 0 ? others.length : first;
  return {
    ...state,
    order: [...others.slice(0, place), ...shown, ...others.slice(place)],
    hidden: [...state.hidden.filter((id) => !isSetting(id)), ...columns.map(({ id }) => id).filter((id) => isSetting(id) && !shown.has(id))],
  };
}

/** The state to store after a change of columns that `withSettings` made: the user's own setting columns stay as they were. */
export function withOwnSettings(changed: GridState, own: GridState): GridState {
  const order = changed.order.filter((id) => !isSetting(id));
  own.order.forEach((id, i) => {
    // Behind the same column as before.
    if (isSetting(id)) order.splice(order.indexOf(own.order[i - 1] ?? "") + 1, 0, id);
  });
  return {
    order,
    hidden: [...changed.hidden.filter((id) => !isSetting(id)), ...own.hidden.filter(isSetting)],
    pinned: changed.pinned.filter((id) => !isSetting(id) || own.pinned.includes(id)),
    widths: changed.widths,
  };
}
