import type { RunConfig, SpaceId } from "../../../src-shared/domain/config/run-config.ts";
import type { AnytimeTraining } from "../../../src-shared/domain/records/anytime-records.ts";
import type { Training } from "../../../src-shared/domain/records/run.ts";
import type { AnytimeTrainingMessage, CellTrainingMessage, TrainingMessage } from "../../../src-shared/worker-protocol.ts";
import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { RowCheck } from "../database/row-check.ts";
import { storedConfigSchema } from "../records/stored-config.ts";
import { ANYTIME_MODEL, ANYTIME_ROLES, CELL_ARCHITECTURE, EXITS, ROLES } from "./columns.ts";
import { protocolKey } from "./protocol-key.ts";
import { ResultTable, type Row } from "./result-table.ts";

/** Trainings by search space. */
export interface TrainingRecords {
  readonly cell: Training;
  readonly anytime: AnytimeTraining;
}

/** Trainings of one space: the cell space, unless another is chosen with `in`. */
export interface TrainingReader<Space extends SpaceId = "cell"> {
  in<Other extends SpaceId>(space: Other): TrainingReader<Other>;
  /** Usable trainings of a run in order; for a run with stages, those of all stages. Diverged trainings are not results and are left out. */
  list(runId: string): TrainingRecords[Space][];
  /** As `list`, including diverged trainings. */
  listAll(runId: string): TrainingRecords[Space][];
  get(id: number): TrainingRecords[Space] | null;
  /** Position of a training within its run, from 0; null if there is none. */
  positionOf(id: number): number | null;
  /** Trainings of one run starting at a position. */
  from(runId: string, position: number): TrainingRecords[Space][];
  count(runId: string): number;
  /** The first stored training of a cell with this protocol key, diverged or not; runs in the trash are ignored. */
  byProtocol(key: string): Training | null;
}

/** Writes trainings of all spaces. */
export interface TrainingWriter extends TrainingReader {
  append(runId: string, trainings: readonly TrainingMessage[]): void;
  /** Keeps the first `count` trainings. Returns how many were removed. */
  truncate(runId: string, count: number): number;
}

const TRAINED = { candidateId: "value", name: "value", canonical: "value" } as const;
const SETTINGS = { repetition: "value", seed: "value", epochs: "value" } as const;
const COUNTS = { parameters: "value", multiplyAdds: "value", score: "value" } as const;
const LAST = { trainLoss: "number", seconds: "value", divergence: "optional" } as const;

// The search may have been purged in the meantime; the training does not need it.
const candidateIn = (table: string): Readonly<Record<string, string>> => ({ candidate_id: `(SELECT id FROM ${table} WHERE id = ?)` });

/** A training with its protocol key. The order of the fields is that of `show --json`. */
type StoredCellTraining = CellTrainingMessage & { readonly protocol: string | null };

const CELL = new ResultTable<StoredCellTraining>(
  "trainings",
  {
    ...TRAINED,
    architecture: CELL_ARCHITECTURE,
    role: { oneOf: ROLES },
    ...SETTINGS,
    ...COUNTS,
    validationAccuracy: "value",
    testAccuracy: "value",
    ...LAST,
    protocol: "value",
  },
  candidateIn("candidates"),
);
const ANYTIME = new ResultTable<AnytimeTrainingMessage>(
  "anytime_trainings",
  {
    ...TRAINED,
    model: ANYTIME_MODEL,
    role: { oneOf: ANYTIME_ROLES },
    ...SETTINGS,
    initialChannels: "value",
    ...COUNTS,
    exits: EXITS,
    maxBudget: "value",
    chance: "value",
    area: "value",
    testArea: "value",
    ...LAST,
  },
  candidateIn("anytime_candidates"),
);
const TABLES = { cell: CELL, anytime: ANYTIME } as const satisfies Readonly<Record<SpaceId, unknown>>;

export class SqliteTrainingReader<Space extends SpaceId = "cell"> implements TrainingReader<Space> {
  protected readonly db: SqliteDatabase;
  private readonly space: Space;

  constructor(db: SqliteDatabase, space: Space) {
    this.db = db;
    this.space = space;
  }

  in<Other extends SpaceId>(space: Other): TrainingReader<Other> {
    return new SqliteTrainingReader(this.db, space);
  }

  list(runId: string): TrainingRecords[Space][] {
    return this.listAll(runId).filter(({ divergence }) => divergence === undefined);
  }

  listAll(runId: string): TrainingRecords[Space][] {
    const read = (): Row[] =>
      this.db
        .prepare<[object], Row>(
          `SELECT t.* FROM ${this.table} t JOIN runs r ON r.id = t.run_id WHERE r.id = @runId OR r.parent_id = @runId ORDER BY r.created_at, r.rowid, t.position`,
        )
        .all({ runId });
    return damageOf(this.db)
      .reading(this.table, read, [])
      .flatMap((row) => this.record(row) ?? []);
  }

  get(id: number): TrainingRecords[Space] | null {
    const row = this.db.prepare<[number], Row>(`SELECT * FROM ${this.table} WHERE id = ?`).get(id);
    return row === undefined ? null : this.record(row);
  }

  positionOf(id: number): number | null {
    return (this.db.prepare<[number], number>(`SELECT position FROM ${this.table} WHERE id = ?`).pluck().get(id) as number | undefined) ?? null;
  }

  from(runId: string, position: number): TrainingRecords[Space][] {
    return this.db
      .prepare<[string, number], Row>(`SELECT * FROM ${this.table} WHERE run_id = ? AND position >= ? ORDER BY position`)
      .all(runId, position)
      .flatMap((row) => this.record(row) ?? []);
  }

  byProtocol(key: string): Training | null {
    const row = this.db
      .prepare<[string], Row>("SELECT t.* FROM trainings t JOIN runs r ON r.id = t.run_id WHERE t.protocol = ? AND r.trashed_at IS NULL ORDER BY t.id LIMIT 1")
      .get(key);
    return row === undefined ? null : recordOf(this.db, "cell", row);
  }

  count(runId: string): number {
    return TABLES[this.space].count(this.db, runId);
  }

  private get table(): string {
    return TABLES[this.space].name;
  }

  private record(row: Row): TrainingRecords[Space] | null {
    return recordOf(this.db, this.space, row);
  }
}

export class SqliteTrainingWriter extends SqliteTrainingReader implements TrainingWriter {
  constructor(db: SqliteDatabase) {
    super(db, "cell");
  }

  append(runId: string, trainings: readonly TrainingMessage[]): void {
    const keyOf = this.protocolOf(runId);
    for (const training of trainings) {
      if (training.space === "cell") CELL.insert(this.db, runId, CELL.count(this.db, runId), { ...training, protocol: keyOf(training) });
      else ANYTIME.insert(this.db, runId, ANYTIME.count(this.db, runId), training);
    }
  }

  truncate(runId: string, count: number): number {
    return CELL.truncate(this.db, runId, count) + ANYTIME.truncate(this.db, runId, count);
  }

  /** Computes the protocol keys of a run's trainings; null if the images are not known. */
  private protocolOf(runId: string): (training: CellTrainingMessage) => string | null {
    const row = this.db
      .prepare<[string], { config: string; fingerprint: string | null }>("SELECT config, dataset_fingerprint AS fingerprint FROM run_details WHERE run_id = ?")
      .get(runId);
    const check = new RowCheck(damageOf(this.db), "run_details", runId);
    const config = row === undefined ? null : (check.json("config", row.config, storedConfigSchema, "its trainings get no key") as RunConfig | null);
    const fingerprint = row?.fingerprint ?? null;
    if (config?.kind !== "cell-training" || fingerprint === null) return () => null;
    return ({ canonical, seed }) => protocolKey({ ...config, datasetFingerprint: fingerprint, canonical, seed });
  }
}

/** Null for a damaged row, which is noted. */
function recordOf<Space extends SpaceId>(db: SqliteDatabase, space: Space, row: Row): TrainingRecords[Space] | null {
  const values = TABLES[space].fieldsOf(db, row) as { readonly protocol?: unknown } | null;
  if (values === null) return null;
  const { protocol: _protocol, ...fields } = values;
  return { id: row.id, runId: row.run_id, ...fields } as unknown as TrainingRecords[Space];
}
