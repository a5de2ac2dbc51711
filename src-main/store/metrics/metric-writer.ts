import type { MetricColumns } from "../../../src-shared/domain/metrics.ts";
import type { MetricSummary } from "../../../src-shared/domain/records/run.ts";
import { prepared } from "../database/database.ts";
import { concatenate, indicesWhere, type PackedPoints, packColumns, pick, toBlob } from "./metric-pack.ts";
import { summarise } from "./metric-summary.ts";
import { type MetricReader, type PieceRow, SqliteMetricReader, unpack } from "./metrics.ts";

/** A piece with this many points is full and is never rewritten. */
const FULL_PIECE = 1024;
/** This many small pieces at the end of a series are merged into one. */
const SMALL_PIECES = 32;

/** Which points to keep when a run returns to a checkpoint. */
export interface KeptSteps {
  /** Last step to keep in each series of the run's own metrics; series that are not named are removed. */
  readonly stepOfSeries: Readonly<Record<string, number>>;
  /** Last step to keep of the system load (`system/…`), which counts steps of the whole run. */
  readonly step: number;
}

export interface MetricWriter extends MetricReader {
  /** Appends a batch and updates the summaries. Must be called in a transaction. @returns the cursor of the batch */
  append(runId: string, batch: readonly MetricColumns[]): number;
  /** Removes points after a checkpoint and updates the summaries. @returns the number of points removed */
  truncate(runId: string, keep: KeptSteps): number;
}

export class SqliteMetricWriter extends SqliteMetricReader implements MetricWriter {
  append(runId: string, batch: readonly MetricColumns[]): number {
    const filled = batch.filter((columns) => columns.step.length > 0);
    if (filled.length === 0) return this.cursor(runId);
    const cursor = prepared<[string], number>(this.db, "UPDATE runs SET metric_cursor = metric_cursor + 1 WHERE id = ? RETURNING metric_cursor")
      .pluck()
      .get(runId) as number | undefined;
    if (cursor === undefined) throw new Error(`Run ${runId} does not exist: its metrics cannot be stored.`);
    for (const columns of filled) {
      const points = packColumns(columns, cursor);
      if (points.count === 0) continue;
      const nameId = this.nameId(columns.name);
      const seriesId = this.seriesId(runId, nameId, columns.series);
      this.insert(seriesId, points);
      this.mergeSmall(seriesId);
      this.setSummary(runId, nameId, summarise(columns.name, this.summary(runId, nameId), points));
    }
    return cursor;
  }

  truncate(runId: string, keep: KeptSteps): number {
    let removed = 0;
    const changed = new Map<string, number>();
    for (const row of this.seriesRows(runId)) {
      const last = row.name.startsWith("system/") ? keep.step : (keep.stepOfSeries[String(row.series)] ?? Number.NEGATIVE_INFINITY);
      const affected = prepared<[number, number], PieceRow>(
        this.db,
        "SELECT id, count, data FROM metric_pieces WHERE series_id = ? AND last_step > ? ORDER BY first_cursor, id",
      ).all(row.id, last);
      if (affected.length === 0) continue;
      const points = unpack(this.db, affected);
      const kept = pick(
        points,
        indicesWhere(points, (i) => (points.step[i] ?? 0) <= last),
      );
      for (const piece of affected) this.deletePiece(piece.id);
      if (kept.count > 0) this.insert(row.id, kept);
      if (prepared<unknown[]>(this.db, "SELECT 1 FROM metric_pieces WHERE series_id = ? LIMIT 1").get(row.id) === undefined)
        prepared<unknown[]>(this.db, "DELETE FROM metric_series WHERE id = ?").run(row.id);
      removed += points.count - kept.count;
      changed.set(row.name, this.nameId(row.name));
    }
    for (const [name, nameId] of changed) this.setSummary(runId, nameId, this.recount(runId, name));
    return removed;
  }

  /** Computes the summaries of a run that are missing. */
  restoreSummaries(runId: string): void {
    for (const name of new Set(this.seriesRows(runId).map((row) => row.name))) {
      const nameId = this.nameId(name);
      if (this.summary(runId, nameId) === null) this.setSummary(runId, nameId, this.recount(runId, name));
    }
  }

  /** Computes the summary again, from all points in the order in which they were stored. */
  private recount(runId: string, name: string): MetricSummary | null {
    const rows = prepared<[string, string], PieceRow>(
      this.db,
      `SELECT p.id, p.count, p.data FROM metric_series s JOIN metric_names n ON n.id = s.name_id JOIN metric_pieces p ON p.series_id = s.id
         WHERE s.run_id = ? AND n.name = ? ORDER BY p.last_cursor, s.series, p.id`,
    ).all(runId, name);
    const points = unpack(this.db, rows);
    const order = indicesWhere(points, () => true).sort((a, b) => (points.cursor[a] ?? 0) - (points.cursor[b] ?? 0) || a - b);
    return summarise(name, null, pick(points, order));
  }

  private insert(seriesId: number, points: PackedPoints): void {
    let [firstCursor, lastCursor, firstStep, lastStep] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < points.count; i++) {
      firstCursor = Math.min(firstCursor, points.cursor[i] ?? Infinity);
      lastCursor = Math.max(lastCursor, points.cursor[i] ?? -Infinity);
      firstStep = Math.min(firstStep, points.step[i] ?? Infinity);
      lastStep = Math.max(lastStep, points.step[i] ?? -Infinity);
    }
    prepared<unknown[]>(
      this.db,
      "INSERT INTO metric_pieces (series_id, first_cursor, last_cursor, first_step, last_step, count, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(seriesId, firstCursor, lastCursor, firstStep, lastStep, points.count, toBlob(points));
  }

  /** A point is rewritten a few dozen times at most, and a long curve ends up in few rows. */
  private mergeSmall(seriesId: number): void {
    // Only small pieces at the end: those before a full piece stay, so that the order of points is kept.
    const small = prepared<[object], number>(
      this.db,
      `SELECT id FROM metric_pieces WHERE series_id = @seriesId AND first_cursor >
         COALESCE((SELECT MAX(first_cursor) FROM metric_pieces WHERE series_id = @seriesId AND count >= @full), -1) ORDER BY first_cursor, id`,
    )
      .pluck()
      .all({ seriesId, full: FULL_PIECE }) as number[];
    if (small.length < SMALL_PIECES) return;
    const read = prepared<[number], PieceRow>(this.db, "SELECT id, count, data FROM metric_pieces WHERE id = ?");
    const merged = concatenate(small.flatMap((id) => read.all(id)).map((row) => unpack(this.db, [row])));
    for (const id of small) this.deletePiece(id);
    this.insert(seriesId, merged);
  }

  private deletePiece(id: number): void {
    prepared<unknown[]>(this.db, "DELETE FROM metric_pieces WHERE id = ?").run(id);
  }

  private summary(runId: string, nameId: number): MetricSummary | null {
    return (
      prepared<[string, number], MetricSummary>(
        this.db,
        "SELECT last, best, best_step AS bestStep, count FROM metric_summaries WHERE run_id = ? AND name_id = ?",
      ).get(runId, nameId) ?? null
    );
  }

  private setSummary(runId: string, nameId: number, summary: MetricSummary | null): void {
    if (summary === null) prepared<unknown[]>(this.db, "DELETE FROM metric_summaries WHERE run_id = ? AND name_id = ?").run(runId, nameId);
    else
      prepared<unknown[]>(this.db, "INSERT OR REPLACE INTO metric_summaries (run_id, name_id, last, best, best_step, count) VALUES (?, ?, ?, ?, ?, ?)").run(
        runId,
        nameId,
        summary.last,
        summary.best,
        summary.bestStep,
        summary.count,
      );
  }

  private nameId(name: string): number {
    prepared<unknown[]>(this.db, "INSERT OR IGNORE INTO metric_names (name) VALUES (?)").run(name);
    return prepared<[string], number>(this.db, "SELECT id FROM metric_names WHERE name = ?").pluck().get(name) as number;
  }

  private seriesId(runId: string, nameId: number, series: number): number {
    const find = prepared<[string, number, number], number>(this.db, "SELECT id FROM metric_series WHERE run_id = ? AND name_id = ? AND series = ?").pluck();
    const known = find.get(runId, nameId, series) as number | undefined;
    if (known !== undefined) return known;
    return Number(
      prepared<unknown[]>(this.db, "INSERT INTO metric_series (run_id, name_id, series) VALUES (?, ?, ?)").run(runId, nameId, series).lastInsertRowid,
    );
  }
}
