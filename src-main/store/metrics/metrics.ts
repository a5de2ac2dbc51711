import { minMaxIndices } from "../../../src-shared/analysis/curves/downsample.ts";
import type { MetricColumns, SeriesAnswer } from "../../../src-shared/domain/metrics.ts";
import type { MetricSummary } from "../../../src-shared/domain/records/run.ts";
import { damageOf } from "../database/damage.ts";
import { prepared, type SqliteDatabase } from "../database/database.ts";
import { concatenate, fromBlob, indicesWhere, isPiece, type PackedPoints, pick, toColumns } from "./metric-pack.ts";

export interface SeriesRange {
  /** First and last step to return, inclusive. */
  readonly fromStep?: number;
  readonly toStep?: number;
  /** Number of minimum/maximum pairs that a series is thinned to. */
  readonly buckets: number;
}

export interface MetricReader {
  /** The series of a run with these names, thinned for a chart. */
  series(runId: string, names: readonly string[], range: SeriesRange): SeriesAnswer[];
  /** All points of a run after a cursor, and the cursor for the next call. */
  since(runId: string, cursor: number): { columns: MetricColumns[]; cursor: number };
  /** All points of a run, not thinned. */
  all(runId: string): MetricColumns[];
  /** Names of all metrics in this project. */
  names(): string[];
  /** Summaries of many runs; of all metrics unless names are given. */
  summaries(runIds: readonly string[], names?: readonly string[]): Map<string, Record<string, MetricSummary>>;
  cursor(runId: string): number;
}

export interface SeriesRow {
  readonly id: number;
  readonly name: string;
  readonly series: number;
}

export interface PieceRow {
  readonly id: number;
  readonly count: number;
  readonly data: Buffer;
}

export class SqliteMetricReader implements MetricReader {
  protected readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  series(runId: string, names: readonly string[], range: SeriesRange): SeriesAnswer[] {
    const from = range.fromStep ?? Number.NEGATIVE_INFINITY;
    const to = range.toStep ?? Number.POSITIVE_INFINITY;
    const cursor = this.cursor(runId);
    const pieces = this.db.prepare<[number, number, number], PieceRow>(
      "SELECT id, count, data FROM metric_pieces WHERE series_id = ? AND last_step >= ? AND first_step <= ? ORDER BY first_cursor, id",
    );
    const answers: SeriesAnswer[] = [];
    for (const row of this.seriesRows(runId)) {
      if (!names.includes(row.name)) continue;
      let points = unpack(this.db, pieces.all(row.id, from, to));
      if (points.count > 0 && ((points.step[0] ?? from) < from || (points.step[points.count - 1] ?? to) > to))
        points = pick(
          points,
          indicesWhere(points, (i) => (points.step[i] ?? 0) >= from && (points.step[i] ?? 0) <= to),
        );
      // Thinned while still packed: unpacking every point of a long curve would dominate the run time.
      const kept = minMaxIndices(points.step, points.value, range.buckets);
      const thinned = kept.length < points.count;
      const columns = toColumns(row.name, row.series, thinned ? pick(points, kept) : points);
      answers.push({ runId, columns, thinned, totalPoints: points.count, cursor });
    }
    return answers;
  }

  since(runId: string, cursor: number): { columns: MetricColumns[]; cursor: number } {
    const pieces = this.db.prepare<[number, number], PieceRow>(
      "SELECT id, count, data FROM metric_pieces WHERE series_id = ? AND last_cursor > ? ORDER BY first_cursor, id",
    );
    const columns: MetricColumns[] = [];
    for (const row of this.seriesRows(runId)) {
      const points = unpack(this.db, pieces.all(row.id, cursor));
      const newer = indicesWhere(points, (i) => (points.cursor[i] ?? 0) > cursor);
      if (newer.length > 0) columns.push(toColumns(row.name, row.series, newer.length === points.count ? points : pick(points, newer)));
    }
    return { columns, cursor: this.cursor(runId) };
  }

  all(runId: string): MetricColumns[] {
    return this.since(runId, -1).columns;
  }

  names(): string[] {
    return this.db
      .prepare<[], string>("SELECT name FROM metric_names n WHERE EXISTS (SELECT 1 FROM metric_series s WHERE s.name_id = n.id) ORDER BY name")
      .pluck()
      .all() as string[];
  }

  summaries(runIds: readonly string[], names?: readonly string[]): Map<string, Record<string, MetricSummary>> {
    if (names !== undefined && names.length === 0) return new Map();
    const found = new Map<string, Record<string, MetricSummary>>();
    const rows = this.db
      .prepare<[object], { run_id: string; name: string; last: number; best: number; best_step: number; count: number }>(
        `SELECT m.run_id, n.name, m.last, m.best, m.best_step, m.count FROM json_each(@runIds) AS wanted
         JOIN metric_summaries m ON m.run_id = wanted.value JOIN metric_names n ON n.id = m.name_id
         ${names === undefined ? "" : "WHERE m.name_id IN (SELECT id FROM metric_names WHERE name IN (SELECT value FROM json_each(@names)))"}`,
      )
      .iterate({ runIds: JSON.stringify(runIds), ...(names === undefined ? {} : { names: JSON.stringify(names) }) });
    for (const row of rows) {
      let metrics = found.get(row.run_id);
      if (metrics === undefined) {
        metrics = {};
        found.set(row.run_id, metrics);
      }
      metrics[row.name] = { last: row.last, best: row.best, bestStep: row.best_step, count: row.count };
    }
    return found;
  }

  cursor(runId: string): number {
    return (prepared<[string], number>(this.db, "SELECT metric_cursor FROM runs WHERE id = ?").pluck().get(runId) as number | undefined) ?? 0;
  }

  protected seriesRows(runId: string): SeriesRow[] {
    return this.db
      .prepare<[string], SeriesRow>(
        "SELECT s.id, n.name, s.series FROM metric_series s JOIN metric_names n ON n.id = s.name_id WHERE s.run_id = ? ORDER BY n.name, s.series",
      )
      .all(runId);
  }
}

/** The points of pieces; damaged pieces are left out and noted. */
export function unpack(db: SqliteDatabase, rows: readonly PieceRow[]): PackedPoints {
  return concatenate(
    rows.flatMap((row) => {
      if (isPiece(row.data, row.count)) return [fromBlob(row.data, row.count)];
      damageOf(db).noteRow("metric_pieces", row.id, `it has ${row.data.byteLength} bytes for ${row.count} points`, "the points are left out");
      return [];
    }),
  );
}
