import { migrateConfig } from "../../../src-shared/domain/config/migrate-config.ts";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { RunStatus, RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunQuery } from "../../../src-shared/domain/records/run-history.ts";
import type { NetworkToTrain } from "../../../src-shared/worker-protocol.ts";
import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { RowCheck } from "../database/row-check.ts";
import { type MetricReader, SqliteMetricReader } from "../metrics/metrics.ts";
import { FACTS, RESUMED_FROM, SUBJECTS } from "./run-columns.ts";
import { figuresOfRuns } from "./run-figures.ts";
import { queryRuns, type RunOverview, type RunQueryAnswer } from "./run-query.ts";
import { type RunRow, runFields, viewCondition } from "./run-row.ts";
import { storedConfigSchema } from "./stored-config.ts";

/** Details of a run that lists never show. */
export interface RunRecord {
  readonly config: RunConfig;
  readonly codeVersion: string;
  readonly datasetFingerprint: string | null;
  readonly datasetDescription: string | null;
  readonly resumedFrom: readonly number[];
  readonly summary: Readonly<Record<string, string | number | boolean | null>>;
  /** The networks of a training run, once resolved from their source; never changed afterwards. */
  readonly subjects: readonly NetworkToTrain[] | null;
  /** Pid of the process that last executed the run on this machine. */
  readonly processId: number | null;
}

export interface RunReader {
  get(id: string): RunSummary | null;
  /** Details of a run; null when there are none or they are damaged, which is noted. */
  record(id: string): RunRecord | null;
  /** Stages of a pipeline, in their order. */
  children(id: string): RunSummary[];
  /** Runs with these statuses, oldest first. */
  withStatus(...statuses: readonly RunStatus[]): RunSummary[];
  /** The run created last that is not a stage and not in the trash, by order of insertion and not by clock; null if there is none. */
  newest(): RunSummary | null;
  /** Queued runs in the order of the queue. */
  queued(): RunSummary[];
  query(query: RunQuery): RunQueryAnswer;
  /** Counts, tags and metric names of a view, for filters. */
  overview(view: RunQuery["view"]): RunOverview;
  count(): number;
}

interface DetailRow {
  readonly config: string;
  readonly code_version: string;
  readonly dataset_fingerprint: string | null;
  readonly dataset_description: string | null;
  readonly resumed_from: string;
  readonly summary: string;
  readonly cells: string | null;
  readonly networks: string | null;
  readonly process_id: number | null;
}

export class SqliteRunReader implements RunReader {
  protected readonly db: SqliteDatabase;
  private readonly metrics: MetricReader;

  constructor(db: SqliteDatabase) {
    this.db = db;
    this.metrics = new SqliteMetricReader(db);
  }

  get(id: string): RunSummary | null {
    const row = this.db.prepare<[string], RunRow>("SELECT * FROM runs WHERE id = ?").get(id);
    return row === undefined ? null : (this.summaries([row])[0] ?? null);
  }

  record(id: string): RunRecord | null {
    const read = (): DetailRow | undefined => this.db.prepare<[string], DetailRow>("SELECT * FROM run_details WHERE run_id = ?").get(id);
    const row = damageOf(this.db).reading("run_details", read, undefined);
    if (row === undefined) return null;
    const check = new RowCheck(damageOf(this.db), "run_details", id);
    const config = check.json("config", row.config, storedConfigSchema, "the run is shown without its settings");
    const subjects = subjectsOf(check, row);
    if (config === null || subjects === undefined) return null;
    return {
      config: migrateConfig(config) as RunConfig,
      codeVersion: row.code_version,
      datasetFingerprint: row.dataset_fingerprint,
      datasetDescription: row.dataset_description,
      resumedFrom: check.json("resumed_from", row.resumed_from, RESUMED_FROM, "it counts as never resumed") ?? [],
      summary: check.json("summary", row.summary, FACTS, "the run is shown without results") ?? {},
      subjects,
      processId: row.process_id,
    };
  }

  children(id: string): RunSummary[] {
    return this.summaries(this.db.prepare<[string], RunRow>("SELECT * FROM runs WHERE parent_id = ? ORDER BY created_at, rowid").all(id));
  }

  withStatus(...statuses: readonly RunStatus[]): RunSummary[] {
    return this.summaries(
      this.db
        .prepare<[string], RunRow>("SELECT * FROM runs WHERE status IN (SELECT value FROM json_each(?)) ORDER BY created_at, rowid")
        .all(JSON.stringify(statuses)),
    );
  }

  newest(): RunSummary | null {
    const row = this.db.prepare<[], RunRow>("SELECT * FROM runs WHERE parent_id IS NULL AND trashed_at IS NULL ORDER BY rowid DESC LIMIT 1").get();
    return row === undefined ? null : (this.summaries([row])[0] ?? null);
  }

  queued(): RunSummary[] {
    return this.summaries(this.db.prepare<[], RunRow>("SELECT * FROM runs WHERE status = 'queued' ORDER BY queue_position, rowid").all()).filter(
      (run) => run.status === "queued",
    );
  }

  query(query: RunQuery): RunQueryAnswer {
    return queryRuns(this.db, query, {
      summaries: (rows) => this.summaries(rows),
      figures: (rows) =>
        figuresOfRuns(
          this.db,
          rows,
          this.metrics.summaries(
            rows.map(({ id }) => id),
            ["ghn/validation-accuracy"],
          ),
        ),
    });
  }

  overview(view: RunQuery["view"]): RunOverview {
    const { counts, tags } = viewOverview(this.db, view);
    return { counts, tags, metricNames: this.metrics.names() };
  }

  count(): number {
    return Number(this.db.prepare("SELECT COUNT(*) FROM runs WHERE trashed_at IS NULL").pluck().get());
  }

  /** Adds tags, metrics and figures, with one query each for all rows. */
  protected summaries(rows: readonly RunRow[]): RunSummary[] {
    const ids = rows.map((row) => row.id);
    const metrics = this.metrics.summaries(ids);
    const figures = figuresOfRuns(this.db, rows, metrics);
    const tags = new Map<string, string[]>();
    const readTags = (): { run_id: string; tag: string }[] =>
      this.db
        .prepare<[string], { run_id: string; tag: string }>(
          "SELECT t.run_id, t.tag FROM json_each(?) AS wanted JOIN run_tags t ON t.run_id = wanted.value ORDER BY t.tag",
        )
        .all(JSON.stringify(ids));
    const tagRows = damageOf(this.db).reading("run_tags", readTags, []);
    for (const { run_id, tag } of tagRows) tags.set(run_id, [...(tags.get(run_id) ?? []), tag]);
    return rows.map((row) => ({
      ...runFields(row, new RowCheck(damageOf(this.db), "runs", row.id)),
      tags: tags.get(row.id) ?? [],
      metrics: metrics.get(row.id) ?? {},
      figures: figures.get(row.id) ?? {},
    }));
  }
}

/** Number of runs of a view by status, kind and dataset (in one map: their names do not clash), and all tags. */
function viewOverview(db: SqliteDatabase, view: RunQuery["view"]): { counts: Record<string, number>; tags: string[] } {
  const counts: Record<string, number> = {};
  const rows = db
    .prepare<[], { status: string; kind: string; dataset_id: string; n: number }>(
      `SELECT r.status, r.kind, r.dataset_id, COUNT(*) AS n FROM runs r WHERE ${viewCondition(view)} GROUP BY r.status, r.kind, r.dataset_id`,
    )
    .all();
  for (const row of rows) for (const key of [row.status, row.kind, row.dataset_id]) counts[key] = (counts[key] ?? 0) + row.n;
  const tags = db
    .prepare<[], string>(
      `SELECT tag FROM (SELECT DISTINCT tag FROM run_tags) used
       WHERE EXISTS (SELECT 1 FROM run_tags t JOIN runs r ON r.id = t.run_id WHERE t.tag = used.tag AND ${viewCondition(view)}) ORDER BY tag`,
    )
    .pluck()
    .all() as string[];
  return { counts, tags };
}

/** The networks of a training run, from the column of their space; undefined when they are damaged, which is noted. */
function subjectsOf(check: RowCheck, { cells, networks }: DetailRow): NetworkToTrain[] | null | undefined {
  const space = cells !== null ? "cell" : networks !== null ? "anytime" : null;
  if (space === null) return null;
  const list =
    space === "cell"
      ? check.json("cells", cells, SUBJECTS.cell, "the run is shown without its settings")
      : check.json("networks", networks, SUBJECTS.anytime, "the run is shown without its settings");
  return list === null ? undefined : list.map((subject) => ({ space, ...subject }) as NetworkToTrain);
}
