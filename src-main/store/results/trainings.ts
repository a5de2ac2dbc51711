import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { Training } from "../../../src-shared/domain/records/run.ts";
import type { TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { protocolKey } from "./protocol-key.ts";

export interface TrainingReader {
  /** Trainings of a run in their order; of a pipeline, those of all its stages. */
  list(runId: string): Training[];
  get(id: number): Training | null;
  /** Trainings of one run from a position on. */
  from(runId: string, position: number): Training[];
  count(runId: string): number;
  /** The first training with this key of its protocol that is kept; runs in the trash do not count. */
  byProtocol(key: string): Training | null;
}

export interface TrainingWriter extends TrainingReader {
  append(runId: string, trainings: readonly TrainingMessage[]): void;
  /** Keeps the first so many. Answers how many went. */
  truncate(runId: string, count: number): number;
}

interface TrainingRow {
  readonly id: number;
  readonly run_id: string;
  readonly candidate_id: number | null;
  readonly name: string;
  readonly canonical: string;
  readonly architecture: string;
  readonly role: Training["role"];
  readonly repetition: number;
  readonly seed: number;
  readonly epochs: number;
  readonly parameters: number;
  readonly multiply_adds: number;
  readonly score: number | null;
  readonly validation_accuracy: number;
  readonly test_accuracy: number | null;
  readonly train_loss: number | null;
  readonly seconds: number;
}

export class SqliteTrainingReader implements TrainingReader {
  protected readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  list(runId: string): Training[] {
    return this.db
      .prepare<[object], TrainingRow>(
        `SELECT t.* FROM trainings t JOIN runs r ON r.id = t.run_id WHERE r.id = @runId OR r.parent_id = @runId ORDER BY r.created_at, r.rowid, t.position`,
      )
      .all({ runId })
      .map(toTraining);
  }

  get(id: number): Training | null {
    const row = this.db.prepare<[number], TrainingRow>("SELECT * FROM trainings WHERE id = ?").get(id);
    return row === undefined ? null : toTraining(row);
  }

  from(runId: string, position: number): Training[] {
    return this.db
      .prepare<[string, number], TrainingRow>("SELECT * FROM trainings WHERE run_id = ? AND position >= ? ORDER BY position")
      .all(runId, position)
      .map(toTraining);
  }

  byProtocol(key: string): Training | null {
    const row = this.db
      .prepare<[string], TrainingRow>(
        "SELECT t.* FROM trainings t JOIN runs r ON r.id = t.run_id WHERE t.protocol = ? AND r.trashed_at IS NULL ORDER BY t.id LIMIT 1",
      )
      .get(key);
    return row === undefined ? null : toTraining(row);
  }

  count(runId: string): number {
    return Number(this.db.prepare("SELECT COUNT(*) FROM trainings WHERE run_id = ?").pluck().get(runId));
  }
}

export class SqliteTrainingWriter extends SqliteTrainingReader implements TrainingWriter {
  append(runId: string, trainings: readonly TrainingMessage[]): void {
    let position = this.count(runId);
    const insert = this.db.prepare(
      `INSERT INTO trainings (run_id, position, candidate_id, name, canonical, architecture, role, repetition, seed, epochs, parameters, multiply_adds, score,
         validation_accuracy, test_accuracy, train_loss, seconds, protocol)
       VALUES (?, ?, (SELECT id FROM candidates WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const keyOf = this.protocolOf(runId);
    for (const t of trainings) {
      insert.run(
        runId,
        position,
        // The search may have been purged meanwhile: the training stands for itself.
        t.candidateId,
        t.name,
        t.canonical,
        JSON.stringify(t.architecture),
        t.role,
        t.repetition,
        t.seed,
        t.epochs,
        t.parameters,
        t.multiplyAdds,
        t.score,
        t.validationAccuracy,
        t.testAccuracy,
        t.trainLoss,
        t.seconds,
        keyOf(t),
      );
      position += 1;
    }
  }

  /** How the trainings of a run get their keys; null where the images are not known. */
  private protocolOf(runId: string): (training: TrainingMessage) => string | null {
    const row = this.db
      .prepare<[string], { config: string; fingerprint: string | null }>("SELECT config, dataset_fingerprint AS fingerprint FROM run_details WHERE run_id = ?")
      .get(runId);
    const config = row === undefined ? null : (JSON.parse(row.config) as RunConfig);
    const fingerprint = row?.fingerprint ?? null;
    if (config?.kind !== "cell-training" || fingerprint === null) return () => null;
    return ({ canonical, seed }) => protocolKey({ ...config, datasetFingerprint: fingerprint, canonical, seed });
  }

  truncate(runId: string, count: number): number {
    return this.db.prepare("DELETE FROM trainings WHERE run_id = ? AND position >= ?").run(runId, count).changes;
  }
}

function toTraining(row: TrainingRow): Training {
  return {
    id: row.id,
    runId: row.run_id,
    candidateId: row.candidate_id,
    name: row.name,
    canonical: row.canonical,
    architecture: JSON.parse(row.architecture) as Architecture,
    role: row.role,
    repetition: row.repetition,
    seed: row.seed,
    epochs: row.epochs,
    parameters: row.parameters,
    multiplyAdds: row.multiply_adds,
    score: row.score,
    validationAccuracy: row.validation_accuracy,
    testAccuracy: row.test_accuracy,
    trainLoss: row.train_loss ?? Number.NaN,
    seconds: row.seconds,
  };
}
