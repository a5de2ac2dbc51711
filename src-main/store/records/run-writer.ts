import { randomInt } from "node:crypto";
import { type RunConfig, spaceIdOf } from "../../../src-shared/domain/config/run-config.ts";
import type { RunFailure, RunProgress, RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { NetworkToTrain } from "../../../src-shared/worker-protocol.ts";
import { UserError } from "../../lib/errors.ts";
import { prepared } from "../database/database.ts";
import type { RunRow } from "./run-row.ts";
import { type RunReader, type RunRecord, SqliteRunReader } from "./runs.ts";

export interface NewRun {
  readonly name: string;
  readonly config: RunConfig;
  readonly codeVersion: string;
  readonly tags?: readonly string[];
  readonly parentId?: string;
  readonly stage?: string;
  /** Puts the run at the front of the queue instead of the end. */
  readonly first?: boolean;
}

/** Fields of a run to change; those left out stay as they are. */
export interface RunChange {
  readonly name?: string;
  readonly notes?: string;
  readonly starred?: boolean;
  readonly archived?: boolean;
  readonly trashedAt?: string | null;
  readonly status?: RunStatus;
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
  readonly activeSeconds?: number;
  readonly progress?: RunProgress | null;
  readonly failure?: RunFailure | null;
  readonly queuePosition?: number | null;
  readonly backend?: string;
  readonly device?: string;
  readonly datasetFingerprint?: string;
  readonly datasetDescription?: string;
  readonly resumedFrom?: readonly number[];
  readonly summary?: RunRecord["summary"];
  readonly processId?: number | null;
}

/** A state of a run that could not be stored. */
export type HeldState = Pick<RunSummary, "status" | "failure" | "finishedAt">;

export interface RunWriter extends RunReader {
  /** Adds a run to the queue. @returns its id @throws UserError `config-too-large` */
  create(run: NewRun): string;
  update(id: string, change: RunChange): void;
  /** The networks of a training run, resolved from their source. */
  setSubjects(id: string, subjects: readonly NetworkToTrain[]): void;
  setTags(id: string, tags: readonly string[]): void;
  /** Queues a run again. */
  enqueue(id: string, first?: boolean): void;
  /** Takes a run out of the queue and marks it as running. The time of its first start is kept. */
  begin(id: string): void;
  /** Shows a run in a state that could not be stored (full disk). Affects this process only, until its status is next stored. */
  hold(id: string, state: HeldState): void;
  /** Whether a run is shown in a state that is not stored. */
  isHeld(id: string): boolean;
  /** Reorders the queue: the named runs come first, in this order. */
  reorder(ids: readonly string[]): void;
  /** Removes a run with its stages and all their records. */
  delete(id: string): void;
}

const RUN_COLUMNS: Readonly<Partial<Record<keyof RunChange, string>>> = {
  name: "name",
  notes: "notes",
  starred: "starred",
  archived: "archived",
  trashedAt: "trashed_at",
  status: "status",
  startedAt: "started_at",
  finishedAt: "finished_at",
  activeSeconds: "active_seconds",
  progress: "progress",
  failure: "failure",
  queuePosition: "queue_position",
  backend: "backend",
  device: "device",
};
const DETAIL_COLUMNS: Readonly<Partial<Record<keyof RunChange, string>>> = {
  datasetFingerprint: "dataset_fingerprint",
  datasetDescription: "dataset_description",
  resumedFrom: "resumed_from",
  summary: "summary",
  processId: "process_id",
};

/** Most characters of a config as JSON: enough for thousands of cells. */
const MAX_CONFIG = 8_000_000;

/** Characters of run ids, without those that are easily confused. */
const ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz";
const ID_LENGTH = 8;

export class SqliteRunWriter extends SqliteRunReader implements RunWriter {
  private readonly held = new Map<string, HeldState>();

  create(run: NewRun): string {
    const config = JSON.stringify(run.config);
    if (config.length > MAX_CONFIG)
      throw new UserError(`The config has ${config.length} characters; the limit is ${MAX_CONFIG}.`, {
        code: "config-too-large",
        remedy: "Split it into several runs, for example with fewer cells each.",
      });
    return this.db.transaction(() => {
      const id = this.freeId();
      prepared(
        this.db,
        "INSERT INTO runs (id, name, kind, status, parent_id, stage, dataset_id, seed, created_at, queue_position) VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?)",
      ).run(
        id,
        run.name,
        run.config.kind,
        run.parentId ?? null,
        run.stage ?? null,
        run.config.dataset.id,
        run.config.seed,
        new Date().toISOString(),
        this.queueEnd(run.first ?? false),
      );
      prepared(this.db, "INSERT INTO run_details (run_id, config, code_version) VALUES (?, ?, ?)").run(id, config, run.codeVersion);
      this.setTags(id, run.tags ?? []);
      return id;
    })();
  }

  update(id: string, change: RunChange): void {
    this.db.transaction(() => {
      this.set("runs", "id", RUN_COLUMNS, id, change);
      this.set("run_details", "run_id", DETAIL_COLUMNS, id, change);
    })();
    if (change.status !== undefined) this.held.delete(id);
  }

  setSubjects(id: string, subjects: readonly NetworkToTrain[]): void {
    const kind = this.get(id)?.kind;
    if (kind === undefined) return;
    const column = spaceIdOf(kind) === "cell" ? "cells" : "networks";
    const list = subjects.map(({ space: _space, ...subject }) => subject);
    prepared(this.db, `UPDATE run_details SET ${column} = ? WHERE run_id = ?`).run(JSON.stringify(list), id);
  }

  hold(id: string, state: HeldState): void {
    this.held.set(id, state);
  }

  isHeld(id: string): boolean {
    return this.held.has(id);
  }

  setTags(id: string, tags: readonly string[]): void {
    this.db.transaction(() => {
      prepared(this.db, "DELETE FROM run_tags WHERE run_id = ?").run(id);
      for (const tag of new Set(tags)) prepared(this.db, "INSERT INTO run_tags (run_id, tag) VALUES (?, ?)").run(id, tag);
    })();
  }

  enqueue(id: string, first = false): void {
    this.update(id, { status: "queued", queuePosition: this.queueEnd(first), failure: null, finishedAt: null });
  }

  begin(id: string): void {
    const startedAt = this.get(id)?.startedAt ?? new Date().toISOString();
    this.update(id, { status: "running", queuePosition: null, failure: null, finishedAt: null, startedAt });
  }

  reorder(ids: readonly string[]): void {
    this.db.transaction(() => {
      const waiting = this.queued().map((run) => run.id);
      const wanted = ids.filter((id) => waiting.includes(id));
      for (const [i, id] of [...new Set([...wanted, ...waiting])].entries()) this.update(id, { queuePosition: i + 1 });
    })();
  }

  delete(id: string): void {
    this.db.prepare("DELETE FROM runs WHERE id = ?").run(id);
  }

  protected override summaries(rows: readonly RunRow[]): RunSummary[] {
    return super.summaries(rows).map((run) => {
      const state = this.held.get(run.id);
      return state === undefined ? run : { ...run, ...state, queuePosition: null };
    });
  }

  private set(table: string, key: string, columns: Readonly<Partial<Record<keyof RunChange, string>>>, id: string, change: RunChange): void {
    const entries = Object.entries(change).flatMap(([field, value]) => {
      const column = columns[field as keyof RunChange];
      return column === undefined || value === undefined ? [] : [[column, toSql(value)] as const];
    });
    if (entries.length === 0) return;
    this.db
      .prepare(`UPDATE ${table} SET ${entries.map(([column]) => `${column} = ?`).join(", ")} WHERE ${key} = ?`)
      .run(...entries.map(([, value]) => value), id);
  }

  private queueEnd(first: boolean): number {
    // The planner would otherwise read all queued runs by status instead of one end of the small index.
    const sql = `SELECT ${first ? "MIN" : "MAX"}(queue_position) FROM runs INDEXED BY runs_in_queue WHERE status = 'queued'`;
    const end = prepared<[], number | null>(this.db, sql).pluck().get() as number | null;
    return first ? (end ?? 1) - 1 : (end ?? 0) + 1;
  }

  private freeId(): string {
    for (;;) {
      const id = Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join("");
      if (prepared(this.db, "SELECT 1 FROM runs WHERE id = ?").get(id) === undefined) return id;
    }
  }
}

function toSql(value: unknown): string | number | null {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return JSON.stringify(value);
}
