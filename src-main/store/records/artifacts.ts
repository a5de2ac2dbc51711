import { ARTIFACT_KINDS, type Artifact } from "../../../src-shared/domain/records/run.ts";
import type { ArtifactMessage } from "../../../src-shared/worker-protocol.ts";
import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { RowCheck } from "../database/row-check.ts";

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
  readonly kind: string;
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
    const read = (): ArtifactRow[] => this.db.prepare<[string], ArtifactRow>("SELECT * FROM artifacts WHERE run_id = ? ORDER BY id").all(runId);
    return damageOf(this.db)
      .reading("artifacts", read, [])
      .flatMap((row) => this.artifact(row) ?? []);
  }

  get(id: number): Artifact | null {
    const row = this.db.prepare<[number], ArtifactRow>("SELECT * FROM artifacts WHERE id = ?").get(id);
    return row === undefined ? null : this.artifact(row);
  }

  checkpoints(runId: string): CheckpointArtifact[] {
    const rows = this.db.prepare<[string], ArtifactRow>("SELECT * FROM artifacts WHERE run_id = ? AND kind = 'checkpoint' ORDER BY id DESC").all(runId);
    return rows.flatMap((row) => {
      const artifact = this.artifact(row);
      return artifact === null ? [] : [{ ...artifact, step: row.step ?? 0 }];
    });
  }

  latest(runId: string, kind: Artifact["kind"]): Artifact | null {
    const row = this.db
      .prepare<[string, string], ArtifactRow>("SELECT * FROM artifacts WHERE run_id = ? AND kind = ? ORDER BY id DESC LIMIT 1")
      .get(runId, kind);
    return row === undefined ? null : this.artifact(row);
  }

  bytes(): number {
    return damageOf(this.db).reading("artifacts", () => Number(this.db.prepare("SELECT COALESCE(SUM(bytes), 0) FROM artifacts").pluck().get()), 0);
  }

  /** Null for a damaged row, which is noted. */
  protected artifact(row: ArtifactRow): Artifact | null {
    const check = new RowCheck(damageOf(this.db), "artifacts", row.id);
    const kind = check.oneOf("kind", row.kind, ARTIFACT_KINDS, "it is left out");
    const createdAt = check.time("created_at", row.created_at, "it is left out");
    if (kind === null || createdAt === null) return null;
    return { id: row.id, runId: row.run_id, kind, name: row.name, path: row.path, bytes: row.bytes, sha256: row.sha256, createdAt };
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
      const added = row === undefined ? null : this.artifact(row);
      if (added === null) throw new Error("The database did not return the artifact that was added.");
      return added;
    })();
  }

  delete(id: number): void {
    this.db.prepare("DELETE FROM artifacts WHERE id = ?").run(id);
  }
}
