import type { Artifact } from "../../../src-shared/domain/records/run.ts";
import type { ArtifactMessage } from "../../../src-shared/worker-protocol.ts";
import type { SqliteDatabase } from "../database/database.ts";

/** A checkpoint and the step at which it was written. */
export interface CheckpointArtifact extends Artifact {
  readonly step: number;
}

export interface ArtifactReader {
  /** Files of a run, oldest first. */
  list(runId: string): Artifact[];
  get(id: number): Artifact | null;
  /** Checkpoints of a run, newest first. */
  checkpoints(runId: string): CheckpointArtifact[];
  /** The newest file of this kind of a run. */
  latest(runId: string, kind: Artifact["kind"]): Artifact | null;
  /** Total size of all files of the project in bytes. */
  bytes(): number;
}

export interface ArtifactWriter extends ArtifactReader {
  /** Records a file, replacing one of the same name in the same run. */
  add(runId: string, artifact: ArtifactMessage, step?: number): Artifact;
  delete(id: number): void;
}

interface ArtifactRow {
  readonly id: number;
  readonly run_id: string;
  readonly kind: Artifact["kind"];
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly step: number | null;
  readonly created_at: string;
}

export class SqliteArtifactReader implements ArtifactReader {
  protected readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  list(runId: string): Artifact[] {
    return this.db.prepare<[string], ArtifactRow>("SELECT * FROM artifacts WHERE run_id = ? ORDER BY id").all(runId).map(toArtifact);
  }

  get(id: number): Artifact | null {
    const row = this.db.prepare<[number], ArtifactRow>("SELECT * FROM artifacts WHERE id = ?").get(id);
    return row === undefined ? null : toArtifact(row);
  }

  checkpoints(runId: string): CheckpointArtifact[] {
    const rows = this.db
      .prepare<[string], ArtifactRow>("SELECT * FROM artifacts WHERE run_id = ? AND kind = 'checkpoint' ORDER BY step DESC, id DESC")
      .all(runId);
    return rows.map((row) => ({ ...toArtifact(row), step: row.step ?? 0 }));
  }

  latest(runId: string, kind: Artifact["kind"]): Artifact | null {
    const row = this.db
      .prepare<[string, string], ArtifactRow>("SELECT * FROM artifacts WHERE run_id = ? AND kind = ? ORDER BY id DESC LIMIT 1")
      .get(runId, kind);
    return row === undefined ? null : toArtifact(row);
  }

  bytes(): number {
    return Number(this.db.prepare("SELECT COALESCE(SUM(bytes), 0) FROM artifacts").pluck().get());
  }
}

export class SqliteArtifactWriter extends SqliteArtifactReader implements ArtifactWriter {
  add(runId: string, artifact: ArtifactMessage, step?: number): Artifact {
    return this.db.transaction(() => {
      this.db.prepare("DELETE FROM artifacts WHERE run_id = ? AND name = ?").run(runId, artifact.name);
      const row = this.db
        .prepare<unknown[], ArtifactRow>(
          "INSERT INTO artifacts (run_id, kind, name, path, bytes, sha256, step, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        )
        .get(runId, artifact.kind, artifact.name, artifact.path, artifact.bytes, artifact.sha256, step ?? null, new Date().toISOString());
      if (row === undefined) throw new Error("The database did not return the artifact that was added.");
      return toArtifact(row);
    })();
  }

  delete(id: number): void {
    this.db.prepare("DELETE FROM artifacts WHERE id = ?").run(id);
  }
}

function toArtifact(row: ArtifactRow): Artifact {
  return { id: row.id, runId: row.run_id, kind: row.kind, name: row.name, path: row.path, bytes: row.bytes, sha256: row.sha256, createdAt: row.created_at };
}
