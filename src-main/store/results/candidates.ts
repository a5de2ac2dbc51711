import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import type { Candidate } from "../../../src-shared/domain/records/run.ts";
import type { CandidateQuery } from "../../../src-shared/domain/records/run-history.ts";
import type { CandidateMessage } from "../../../src-shared/worker-protocol.ts";
import type { SqliteDatabase } from "../database/database.ts";

export type CandidateSort = CandidateQuery["sort"];

export interface CandidatePage {
  readonly sort?: CandidateSort;
  readonly descending?: boolean;
  readonly offset?: number;
  readonly limit?: number;
}

export interface CandidateReader {
  list(runId: string, page?: CandidatePage): { rows: Candidate[]; total: number };
  get(id: number): Candidate | null;
  /** Candidates from a position in the order of proposal on. */
  from(runId: string, index: number): Candidate[];
  count(runId: string): number;
}

export interface CandidateWriter extends CandidateReader {
  append(runId: string, candidates: readonly CandidateMessage[]): void;
  /** Final roles, by index: the shortlist and the baseline; all others have none. */
  setRoles(runId: string, shortlist: readonly number[], random: readonly number[]): void;
  /** Keeps the first so many. Answers how many went. */
  truncate(runId: string, count: number): number;
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
  readonly score: number | null;
  readonly score_loss: number | null;
  readonly role: Candidate["role"];
  readonly generation_ms: number | null;
  readonly evaluation_ms: number | null;
  readonly predictions: string | null;
  readonly latency_ms: number | null;
  readonly rank: number | null;
}

/** Best first: by score, ties by the lower loss, then by the order of proposal, as the search itself ranks. */
const BEST_FIRST = "score DESC, COALESCE(score_loss, 9e999), position";

/**
 * Ranks of the cells of a run that the search scored. Cells of the random baseline are no competitors: where they are
 * good they would push the ranks of others down; they have no rank.
 */
const RANKED = `SELECT id AS ranked_id, ROW_NUMBER() OVER (ORDER BY ${BEST_FIRST}) AS rank FROM candidates WHERE run_id = @runId AND score IS NOT NULL AND role <> 'random'`;

const SORTS: Readonly<Record<CandidateSort, string>> = {
  rank: "rank",
  index: "position",
  parameters: "parameters",
  multiplyAdds: "multiply_adds",
  score: "score",
};

export class SqliteCandidateReader implements CandidateReader {
  protected readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  list(runId: string, page: CandidatePage = {}): { rows: Candidate[]; total: number } {
    const { sort = "rank", descending = false, offset = 0, limit = 1000 } = page;
    const rows = this.db
      .prepare<[object], CandidateRow>(
        `SELECT c.*, ranked.rank FROM candidates c LEFT JOIN (${RANKED}) ranked ON ranked.ranked_id = c.id WHERE c.run_id = @runId
         ORDER BY ${SORTS[sort]} ${descending ? "DESC" : "ASC"} NULLS LAST, c.score DESC, c.position LIMIT @limit OFFSET @offset`,
      )
      .all({ runId, limit, offset });
    return { rows: rows.map(toCandidate), total: this.count(runId) };
  }

  get(id: number): Candidate | null {
    const row = this.db.prepare<[number], Omit<CandidateRow, "rank">>("SELECT * FROM candidates WHERE id = ?").get(id);
    return row === undefined ? null : toCandidate({ ...row, rank: this.rankOf(row) });
  }

  from(runId: string, index: number): Candidate[] {
    const rows = this.db
      .prepare<[string, number], Omit<CandidateRow, "rank">>("SELECT * FROM candidates WHERE run_id = ? AND position >= ? ORDER BY position")
      .all(runId, index);
    return rows.map((row) => toCandidate({ ...row, rank: this.rankOf(row) }));
  }

  count(runId: string): number {
    return Number(this.db.prepare("SELECT COUNT(*) FROM candidates WHERE run_id = ?").pluck().get(runId));
  }

  private rankOf(row: Omit<CandidateRow, "rank">): number | null {
    if (row.score === null || row.role === "random") return null;
    const better = this.db
      .prepare(
        `SELECT COUNT(*) FROM candidates WHERE run_id = @runId AND role <> 'random' AND (score > @score OR (score = @score AND
         (COALESCE(score_loss, 9e999), position) < (COALESCE(@loss, 9e999), @position)))`,
      )
      .pluck()
      .get({ runId: row.run_id, score: row.score, loss: row.score_loss, position: row.position });
    return Number(better) + 1;
  }
}

export class SqliteCandidateWriter extends SqliteCandidateReader implements CandidateWriter {
  append(runId: string, candidates: readonly CandidateMessage[]): void {
    const insert = this.db.prepare(
      `INSERT INTO candidates (run_id, position, name, canonical, architecture, parameters, multiply_adds, score, score_loss, role, generation_ms, evaluation_ms, predictions, latency_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
        c.role,
        c.generationMs,
        c.evaluationMs,
        c.predictions === undefined ? null : JSON.stringify(c.predictions),
        c.latencyMs ?? null,
      );
  }

  setRoles(runId: string, shortlist: readonly number[], random: readonly number[]): void {
    this.db.transaction(() => {
      this.db.prepare("UPDATE candidates SET role = 'none' WHERE run_id = ?").run(runId);
      const set = this.db.prepare("UPDATE candidates SET role = ? WHERE run_id = ? AND position = ?");
      for (const index of shortlist) set.run("shortlist", runId, index);
      for (const index of random) set.run("random", runId, index);
    })();
  }

  truncate(runId: string, count: number): number {
    return this.db.prepare("DELETE FROM candidates WHERE run_id = ? AND position >= ?").run(runId, count).changes;
  }
}

function toCandidate(row: CandidateRow): Candidate {
  return {
    id: row.id,
    runId: row.run_id,
    index: row.position,
    name: row.name,
    canonical: row.canonical,
    architecture: JSON.parse(row.architecture) as Architecture,
    parameters: row.parameters,
    multiplyAdds: row.multiply_adds,
    score: row.score,
    scoreLoss: row.score_loss,
    rank: row.rank,
    role: row.role,
    generationMs: row.generation_ms,
    evaluationMs: row.evaluation_ms,
    ...(row.latency_ms === null ? {} : { latencyMs: row.latency_ms }),
    ...(row.predictions === null ? {} : { predictions: JSON.parse(row.predictions) as Record<string, number | null> }),
  };
}
