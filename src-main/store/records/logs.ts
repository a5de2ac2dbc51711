import { LOG_LEVELS, type LogLine } from "../../../src-shared/domain/records/run.ts";
import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { RowCheck } from "../database/row-check.ts";

export interface LogReader {
  /** Lines after an id, oldest first. */
  list(runId: string, afterId?: number, limit?: number): LogLine[];
  /** The last lines, oldest first. */
  tail(runId: string, limit: number): LogLine[];
}

export interface LogWriter extends LogReader {
  append(runId: string, lines: readonly Omit<LogLine, "id" | "runId">[]): LogLine[];
}

/** Longer lines are truncated, in characters. */
const MAX_TEXT = 10_000;

export class SqliteLogReader implements LogReader {
  protected readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  list(runId: string, afterId = 0, limit = 500): LogLine[] {
    return this.lines(() =>
      this.db
        .prepare<[string, number, number], LogLine>("SELECT id, run_id AS runId, time, level, text FROM logs WHERE run_id = ? AND id > ? ORDER BY id LIMIT ?")
        .all(runId, afterId, limit),
    );
  }

  tail(runId: string, limit: number): LogLine[] {
    return this.lines(() =>
      this.db
        .prepare<[string, number], LogLine>("SELECT id, run_id AS runId, time, level, text FROM logs WHERE run_id = ? ORDER BY id DESC LIMIT ?")
        .all(runId, limit)
        .reverse(),
    );
  }

  /** A line whose level or time cannot be read stays, as information from an unknown time. */
  private lines(read: () => LogLine[]): LogLine[] {
    const log = damageOf(this.db);
    return log.reading("logs", read, []).map((line) => {
      const check = new RowCheck(log, "logs", line.id);
      const level = check.oneOf("level", line.level, LOG_LEVELS, "it is shown as info") ?? "info";
      const time = check.time("time", line.time, "it is shown as very old") ?? new Date(0).toISOString();
      return { ...line, level, time };
    });
  }
}

export class SqliteLogWriter extends SqliteLogReader implements LogWriter {
  append(runId: string, lines: readonly Omit<LogLine, "id" | "runId">[]): LogLine[] {
    const insert = this.db.prepare("INSERT INTO logs (run_id, time, level, text) VALUES (?, ?, ?, ?)");
    return lines.map((line) => {
      const text = line.text.length > MAX_TEXT ? `${line.text.slice(0, MAX_TEXT)}…` : line.text;
      return { id: Number(insert.run(runId, line.time, line.level, text).lastInsertRowid), runId, time: line.time, level: line.level, text };
    });
  }
}
