/** The run history as CSV (RFC 4180): one row per run, with the last and best value of every metric. */
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

export function runsCsv(runs: readonly RunSummary[]): string {
  const metrics = [...new Set(runs.flatMap((run) => Object.keys(run.metrics)))].sort();
  const header = [...FIELDS, "tags", "notes", ...metrics.flatMap((name) => [`${name} last`, `${name} best`])];
  const rows = runs.map((run) => [
    ...FIELDS.map((field) => plain(run[field])),
    run.tags.join("; "),
    run.notes,
    ...metrics.flatMap((name) => [run.metrics[name]?.last ?? null, run.metrics[name]?.best ?? null]),
  ]);
  return [header, ...rows].map((row) => `${row.map(csvField).join(",")}\r\n`).join("");
}

function plain(value: string | number | boolean | null): string | number | null {
  return typeof value === "boolean" ? String(value) : value;
}
