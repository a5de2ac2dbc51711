import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { metricInfo, metricValue } from "../../lib/format.ts";
import type { GridColumn, GridState } from "../../widgets/grid/grid.ts";

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

/** Metric columns shown by default, with short titles. */
const DEFAULT_METRICS: Readonly<Record<string, string>> = {
  "metric:ghn/validation-accuracy:best": "GHN val. score",
  "metric:search/best:best": "Best score",
  "metric:train/validation-accuracy:best": "Val. accuracy",
};
const HIDDEN_FIXED = ["started", "finished", "seed", "backend", "device", "tags"];

export function runColumns(metricNames: readonly string[]): GridColumn[] {
  const names = [...new Set([...metricNames, ...Object.keys(DEFAULT_METRICS).map((id) => id.split(":")[1] ?? "")])].sort();
  const metrics = names.flatMap((name) =>
    (["best", "last"] as const).map((which): GridColumn => {
      const id = `metric:${name}:${which}`;
      const { title, better } = metricInfo(name);
      const shortTitle = DEFAULT_METRICS[id];
      return {
        id,
        title: shortTitle ?? `${title} · ${which}`,
        hint: `${title}, ${which} value`,
        width: shortTitle === undefined ? 170 : 120,
        align: "right",
        sortKey: id,
        descendingFirst: better !== "lower",
      };
    }),
  );
  return [...FIXED, ...metrics];
}

export function defaultState(columns: readonly GridColumn[]): GridState {
  const hidden = columns
    .map((column) => column.id)
    .filter((id) => HIDDEN_FIXED.includes(id) || (id.startsWith("metric:") && DEFAULT_METRICS[id] === undefined));
  return {
    order: [
      "starred",
      "name",
      "status",
      ...Object.keys(DEFAULT_METRICS),
      ...FIXED.map((column) => column.id).filter((id) => !["starred", "name", "status"].includes(id)),
    ],
    hidden,
    pinned: ["starred", "name"],
    widths: {},
  };
}

export function metricCell(run: RunSummary, columnId: string): string {
  const match = /^metric:(.+):(last|best)$/.exec(columnId);
  const name = match?.[1] ?? "";
  const summary = run.metrics[name];
  if (summary === undefined) return "";
  return metricValue(name, match?.[2] === "last" ? summary.last : summary.best);
}
