import type { RunQuery } from "../../../src-shared/domain/records/run-history.ts";

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
