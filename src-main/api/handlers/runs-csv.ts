/** The run history as CSV (RFC 4180): one row per run, with its figures, and the last and best value of every metric. */
import { FIGURE_IDS, type FigureId, figureValue } from "../../../src-shared/analysis/figures/figure-list.ts";
import type { Figures } from "../../../src-shared/domain/records/figures.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { csvField } from "../../export/candidates-csv.ts";

const FIELDS = [
  "id",
  "name",
  "kind",
  "status",
  "stage",
  "parentId",
  "datasetId",
  "seed",
  "createdAt",
  "startedAt",
  "finishedAt",
  "activeSeconds",
  "backend",
  "device",
  "starred",
  "archived",
] as const satisfies readonly (keyof RunSummary)[];

interface FigureColumn {
  readonly title: string;
  value(figures: Figures): string | number | null;
}

/** Each figure, and of measurements also the deviation and the number, of the correlation the interval and the number. */
const FIGURE_COLUMNS: readonly FigureColumn[] = FIGURE_IDS.flatMap((id): FigureColumn[] => [
  { title: id, value: (figures) => figureValue(figures, id) },
  ...detailColumns(id),
]);

function detailColumns(id: FigureId): FigureColumn[] {
  switch (id) {
    case "winner":
    case "bestScore":
    case "ghnScore":
    case "parameters":
    case "multiplyAdds":
    case "ranked":
      return [];
    case "rankCorrelation":
      return [
        { title: `${id} low`, value: ({ rankCorrelation }) => rankCorrelation?.interval?.[0] ?? null },
        { title: `${id} high`, value: ({ rankCorrelation }) => rankCorrelation?.interval?.[1] ?? null },
        { title: `${id} n`, value: ({ rankCorrelation }) => rankCorrelation?.n ?? null },
      ];
    default:
      return [
        { title: `${id} deviation`, value: (figures) => figures[id]?.deviation ?? null },
        { title: `${id} n`, value: (figures) => figures[id]?.n ?? null },
      ];
  }
}

export function runsCsv(runs: readonly RunSummary[]): string {
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].sort();
  const header = [...FIELDS, "tags", "notes", ...FIGURE_COLUMNS.map(({ title }) => title), ...metrics.flatMap((name) => [`${name} last`, `${name} best`])];
  const rows = runs.map((run) => [
    ...FIELDS.map((field) => plain(run[field])),
    run.tags.join("; "),
    run.notes,
    ...FIGURE_COLUMNS.map(({ value }) => value(run.figures)),
    ...metrics.flatMap((name) => [run.metrics[name]?.last ?? null, run.metrics[name]?.best ?? null]),
  ]);
  return [header, ...rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

function plain(value: string | number | boolean | null): string | number | null {
  return typeof value === "boolean" ? String(value) : value;
}
