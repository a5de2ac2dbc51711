import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { RowCheck } from "../database/row-check.ts";

const REQUEST_TYPES = ["stop", "kill", "resume"] as const;

/** A request from a process that does not hold the project to the one that does. */
export interface ProjectRequest {
  readonly id: number;
  readonly type: (typeof REQUEST_TYPES)[number];
  readonly runId: string;
}

export class RequestBox {
  private readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  post(type: ProjectRequest["type"], runId: string): void {
    this.db.prepare("INSERT INTO requests (type, run_id, created_at) VALUES (?, ?, ?)").run(type, runId, new Date().toISOString());
  }

  /** Removes and returns all requests, oldest first. */
  take(): ProjectRequest[] {
    if (this.db.prepare("SELECT 1 FROM requests LIMIT 1").get() === undefined) return [];
    return this.db
      .prepare<[], ProjectRequest>("DELETE FROM requests RETURNING id, type, run_id AS runId")
      .all()
      .sort((a, b) => a.id - b.id)
      .filter((request) => new RowCheck(damageOf(this.db), "requests", request.id).oneOf("type", request.type, REQUEST_TYPES, "it is ignored") !== null);
  }
}
