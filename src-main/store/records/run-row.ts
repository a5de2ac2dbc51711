import { RUN_KINDS } from "../../../src-shared/domain/config/run-config.ts";
import { RUN_STATUSES, type RunFailure, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunQuery } from "../../../src-shared/domain/records/run-history.ts";
import { REPAIR_REMEDY } from "../database/damage.ts";
import type { RowCheck } from "../database/row-check.ts";
import { FAILURE, PROGRESS } from "./run-columns.ts";

/** A row of the table `runs`. */
export interface RunRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly parent_id: string | null;
  readonly stage: string | null;
  readonly dataset_id: string;
  readonly seed: number;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly active_seconds: number;
  readonly progress: string | null;
  readonly failure: string | null;
  readonly notes: string;
  readonly starred: number;
  readonly archived: number;
  readonly trashed_at: string | null;
  readonly queue_position: number | null;
  readonly backend: string | null;
  readonly device: string | null;
}

/** SQL condition for the runs `r` of a view. */
export function viewCondition(view: RunQuery["view"]): string {
  if (view === "trash") return "r.trashed_at IS NOT NULL";
  return `r.trashed_at IS NULL AND r.archived = ${view === "archived" ? 1 : 0}`;
}

/** The same for a page of rows: without an index, so that SQLite follows the index of the order instead of sorting the whole view. */
export function viewConditionInOrder(view: RunQuery["view"]): string {
  if (view === "trash") return "+r.trashed_at IS NOT NULL";
  return `+r.trashed_at IS NULL AND +r.archived = ${view === "archived" ? 1 : 0}`;
}

/** Shown for a time that cannot be read. */
const NO_TIME = "1970-01-01T00:00:00.000Z";

/**
 * The fields of a run. A run always remains visible: values that cannot be read are replaced, and its failure says so.
 * @param check notes the damage
 */
export function runFields(row: RunRow, check: RowCheck): Omit<RunSummary, "tags" | "metrics" | "figures"> {
  const kind = check.oneOf("kind", row.kind, RUN_KINDS, "the run is shown as ghn-training");
  const status = check.oneOf("status", row.status, RUN_STATUSES, "the run is shown as failed");
  const failure = row.failure === null ? null : (check.json("failure", row.failure, FAILURE, "the reason is lost") ?? damagedFailure(row.id, "failure"));
  const damaged = kind === null ? "kind" : status === null ? "status" : null;
  const time = (column: "started_at" | "finished_at" | "trashed_at"): string | null => {
    const value = row[column];
    return value === null ? null : check.time(column, value, "it is shown without it");
  };
  return {
    id: row.id,
    name: row.name,
    kind: kind ?? "ghn-training",
    status: status ?? "failed",
    parentId: row.parent_id,
    stage: row.stage,
    datasetId: row.dataset_id,
    seed: row.seed,
    createdAt: check.time("created_at", row.created_at, "it is shown as very old") ?? NO_TIME,
    startedAt: time("started_at"),
    finishedAt: time("finished_at"),
    activeSeconds: row.active_seconds,
    progress: row.progress === null ? null : check.json("progress", row.progress, PROGRESS, "it is shown without its progress"),
    failure: damaged === null ? failure : damagedFailure(row.id, damaged),
    notes: row.notes,
    starred: row.starred === 1,
    archived: row.archived === 1,
    // What is in the trash stays there.
    trashedAt: time("trashed_at") ?? (row.trashed_at === null ? null : NO_TIME),
    queuePosition: row.queue_position,
    backend: row.backend,
    device: row.device,
  };
}

function damagedFailure(id: string, column: string): RunFailure {
  return { message: `The record of this run is damaged (table runs, row ${id}, column ${column}).`, remedy: REPAIR_REMEDY };
}
