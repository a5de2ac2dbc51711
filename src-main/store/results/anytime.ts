import type { AnytimeArchitecture, AnytimeModel } from "../../../src-shared/domain/architecture/anytime.ts";
import type {
  AnytimeCandidate,
  AnytimeCandidateMessage,
  AnytimeTraining,
  AnytimeTrainingMessage,
  MeasuredExit,
} from "../../../src-shared/domain/records/anytime-records.ts";
import type { SqliteDatabase } from "../database/database.ts";

/** Candidates and trainings of the anytime space. */
export interface AnytimeReader {
  /** Best first; random picks behind, in their order. Of a pipeline, those of all its stages. */
  candidates(runId: string, limit?: number): AnytimeCandidate[];
  candidate(id: number): AnytimeCandidate | null;
  candidateCount(runId: string): number;
  /** In their order; of a pipeline, those of all its stages. */
  trainings(runId: string): AnytimeTraining[];
  training(id: number): AnytimeTraining | null;
}

export interface AnytimeWriter extends AnytimeReader {
  appendCandidates(runId: string, candidates: readonly AnytimeCandidateMessage[]): void;
  appendTrainings(runId: string, trainings: readonly AnytimeTrainingMessage[]): void;
  setRoles(runId: string, shortlist: readonly number[], random: readonly number[]): void;
  /** Keeps the first so many of each. Answers how many went. */
  truncate(runId: string, candidates: number, trainings: number): number;
}

interface CandidateRow {
  readonly id: number;
  readonly run_id: string;
  readonly position: number;
  readonly name: string;
  readonly canonical: string;
  readonly architecture: string;
  readonly parameters: number;
  readonly multiply_adds: number;
  readonly score: number;
  readonly score_loss: number | null;
  readonly exits: string;
  readonly max_budget: number;
  readonly chance: number;
  readonly role: AnytimeCandidate["role"];
  readonly generation_ms: number | null;
  readonly evaluation_ms: number | null;
  readonly rank: number | null;
}

interface TrainingRow {
  readonly id: number;
  readonly run_id: string;
  readonly candidate_id: number | null;
  readonly name: string;
  readonly canonical: string;
  readonly model: string;
  readonly role: AnytimeTraining["role"];
  readonly repetition: number;
  readonly seed: number;
  readonly epochs: number;
  readonly initial_channels: number | null;
  readonly parameters: number;
  readonly multiply_adds: number;
  readonly score: number | null;
  readonly exits: string;
  readonly max_budget: number;
  readonly chance: number;
  readonly area: number;
  readonly test_area: number | null;
  readonly train_loss: number | null;
  readonly seconds: number;
}

/** Candidates of the runs that `runs` selects, with their ranks, which leave the random baseline out. */
function ranked(runs: string): string {
  return `SELECT c.*, ranked.rank FROM anytime_candidates c JOIN runs r ON r.id = c.run_id LEFT JOIN (
    SELECT id AS ranked_id, ROW_NUMBER() OVER (PARTITION BY run_id ORDER BY score DESC, COALESCE(score_loss, 9e999), position) AS rank
    FROM anytime_candidates WHERE role <> 'random' AND run_id IN (${runs})) ranked ON ranked.ranked_id = c.id`;
}

export class SqliteAnytimeReader implements AnytimeReader {
  protected readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  candidates(runId: string, limit = 1_000_000): AnytimeCandidate[] {
    return this.db
      .prepare<[object], CandidateRow>(
        `${ranked("SELECT id FROM runs WHERE id = @runId OR parent_id = @runId")} WHERE r.id = @runId OR r.parent_id = @runId
         ORDER BY c.role = 'random', c.score DESC, COALESCE(c.score_loss, 9e999), c.position LIMIT @limit`,
      )
      .all({ runId, limit })
      .map(toCandidate);
  }

  candidate(id: number): AnytimeCandidate | null {
    const row = this.db.prepare<[object], CandidateRow>(`${ranked("SELECT run_id FROM anytime_candidates WHERE id = @id")} WHERE c.id = @id`).get({ id });
    return row === undefined ? null : toCandidate(row);
  }

  candidateCount(runId: string): number {
    return Number(this.db.prepare("SELECT COUNT(*) FROM anytime_candidates WHERE run_id = ?").pluck().get(runId));
  }

  trainings(runId: string): AnytimeTraining[] {
    return this.db
      .prepare<[object], TrainingRow>(
        "SELECT t.* FROM anytime_trainings t JOIN runs r ON r.id = t.run_id WHERE r.id = @runId OR r.parent_id = @runId ORDER BY r.created_at, r.rowid, t.position",
      )
      .all({ runId })
      .map(toTraining);
  }

  training(id: number): AnytimeTraining | null {
    const row = this.db.prepare<[number], TrainingRow>("SELECT * FROM anytime_trainings WHERE id = ?").get(id);
    return row === undefined ? null : toTraining(row);
  }
}

export class SqliteAnytimeWriter extends SqliteAnytimeReader implements AnytimeWriter {
  appendCandidates(runId: string, candidates: readonly AnytimeCandidateMessage[]): void {
    const insert = this.db.prepare(
      `INSERT INTO anytime_candidates (run_id, position, name, canonical, architecture, parameters, multiply_adds, score, score_loss, exits, max_budget, chance, role,
         generation_ms, evaluation_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const c of candidates)
      insert.run(
        runId,
        c.index,
        c.name,
        c.canonical,
        JSON.stringify(c.architecture),
        c.parameters,
        c.multiplyAdds,
        c.score,
        c.scoreLoss,
        JSON.stringify(c.exits),
        c.maxBudget,
        c.chance,
        c.role,
        c.generationMs,
        c.evaluationMs,
      );
  }

  appendTrainings(runId: string, trainings: readonly AnytimeTrainingMessage[]): void {
    let position = Number(this.db.prepare("SELECT COUNT(*) FROM anytime_trainings WHERE run_id = ?").pluck().get(runId));
    const insert = this.db.prepare(
      `INSERT INTO anytime_trainings (run_id, position, candidate_id, name, canonical, model, role, repetition, seed, epochs, initial_channels, parameters, multiply_adds,
         score, exits, max_budget, chance, area, test_area, train_loss, seconds)
       VALUES (?, ?, (SELECT id FROM anytime_candidates WHERE id = ?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const t of trainings) {
      insert.run(
        runId,
        position,
        // The search may have been purged meanwhile: the training stands for itself.
        t.candidateId,
        t.name,
        t.canonical,
        JSON.stringify(t.model),
        t.role,
        t.repetition,
        t.seed,
        t.epochs,
        t.initialChannels,
        t.parameters,
        t.multiplyAdds,
        t.score,
        JSON.stringify(t.exits),
        t.maxBudget,
        t.chance,
        t.area,
        t.testArea,
        t.trainLoss,
        t.seconds,
      );
      position += 1;
    }
  }

  setRoles(runId: string, shortlist: readonly number[], random: readonly number[]): void {
    this.db.transaction(() => {
      this.db.prepare("UPDATE anytime_candidates SET role = 'none' WHERE run_id = ?").run(runId);
      const set = this.db.prepare("UPDATE anytime_candidates SET role = ? WHERE run_id = ? AND position = ?");
      for (const index of shortlist) set.run("shortlist", runId, index);
      for (const index of random) set.run("random", runId, index);
    })();
  }

  truncate(runId: string, candidates: number, trainings: number): number {
    const keep = (table: "anytime_candidates" | "anytime_trainings", count: number): number =>
      this.db.prepare(`DELETE FROM ${table} WHERE run_id = ? AND position >= ?`).run(runId, count).changes;
    return keep("anytime_candidates", candidates) + keep("anytime_trainings", trainings);
  }
}

function toCandidate(row: CandidateRow): AnytimeCandidate {
  return {
    id: row.id,
    runId: row.run_id,
    index: row.position,
    name: row.name,
    canonical: row.canonical,
    architecture: JSON.parse(row.architecture) as AnytimeArchitecture,
    parameters: row.parameters,
    multiplyAdds: row.multiply_adds,
    score: row.score,
    scoreLoss: row.score_loss,
    exits: JSON.parse(row.exits) as MeasuredExit[],
    maxBudget: row.max_budget,
    chance: row.chance,
    rank: row.rank,
    role: row.role,
    generationMs: row.generation_ms,
    evaluationMs: row.evaluation_ms,
  };
}

function toTraining(row: TrainingRow): AnytimeTraining {
  return {
    id: row.id,
    runId: row.run_id,
    candidateId: row.candidate_id,
    name: row.name,
    canonical: row.canonical,
    model: JSON.parse(row.model) as AnytimeModel,
    role: row.role,
    repetition: row.repetition,
    seed: row.seed,
    epochs: row.epochs,
    initialChannels: row.initial_channels,
    parameters: row.parameters,
    multiplyAdds: row.multiply_adds,
    score: row.score,
    exits: JSON.parse(row.exits) as MeasuredExit[],
    maxBudget: row.max_budget,
    chance: row.chance,
    area: row.area,
    testArea: row.test_area,
    trainLoss: row.train_loss ?? Number.NaN,
    seconds: row.seconds,
  };
}
