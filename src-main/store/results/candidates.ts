import type { SpaceId } from "../../../src-shared/domain/config/run-config.ts";
import type { AnytimeCandidate } from "../../../src-shared/domain/records/anytime-records.ts";
import type { Candidate } from "../../../src-shared/domain/records/run.ts";
import type { CandidateQuery } from "../../../src-shared/domain/records/run-history.ts";
import type { AnytimeCandidateMessage, CandidateMessage, CellCandidateMessage } from "../../../src-shared/worker-protocol.ts";
import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { ANYTIME_ARCHITECTURE, CELL_ARCHITECTURE, EXITS, PREDICTIONS, ROLES } from "./columns.ts";
import { ResultTable, type Row } from "./result-table.ts";

export type CandidateSort = CandidateQuery["sort"];

export interface CandidatePage {
  readonly sort?: CandidateSort;
  readonly descending?: boolean;
  readonly offset?: number;
  readonly limit?: number;
  /** For a run with stages, the candidates of all stages. */
  readonly stages?: boolean;
}

/** Candidates by search space. */
export interface CandidateRecords {
  readonly cell: Candidate;
  readonly anytime: AnytimeCandidate;
}

/** Candidates of one space: the cell space, unless another is chosen with `in`. */
export interface CandidateReader<Space extends SpaceId = "cell"> {
  in<Other extends SpaceId>(space: Other): CandidateReader<Other>;
  list(runId: string, page?: CandidatePage): { rows: CandidateRecords[Space][]; total: number };
  get(id: number): CandidateRecords[Space] | null;
  /** Candidates starting at a position in the order of proposal. */
  from(runId: string, index: number): CandidateRecords[Space][];
  count(runId: string): number;
}

/** Writes candidates of all spaces. */
export interface CandidateWriter extends CandidateReader {
  append(runId: string, candidates: readonly CandidateMessage[]): void;
  /** Final roles, by index: the shortlist and the baseline; all others have none. */
  setRoles(runId: string, shortlist: readonly number[], random: readonly number[]): void;
  /** Keeps the first `count` candidates. Returns how many were removed. */
  truncate(runId: string, count: number): number;
}

const NAMED = { name: "value", canonical: "value" } as const;
const COUNTED = {
  parameters: "value",
  multiplyAdds: "value",
  score: "value",
  scoreLoss: "value",
} as const;
const TIMED = { role: { oneOf: ROLES }, generationMs: "value", evaluationMs: "value" } as const;

/** The index of a candidate is its position. The order of the fields is that of `show --json`. */
const TABLES: { readonly [Space in SpaceId]: ResultTable<Omit<Extract<CandidateMessage, { readonly space: Space }>, "index">> } = {
  cell: new ResultTable<Omit<CellCandidateMessage, "index">>("candidates", {
    ...NAMED,
    architecture: CELL_ARCHITECTURE,
    ...COUNTED,
    ...TIMED,
    latencyMs: "optional",
    predictions: PREDICTIONS,
  }),
  anytime: new ResultTable<Omit<AnytimeCandidateMessage, "index">>("anytime_candidates", {
    ...NAMED,
    architecture: ANYTIME_ARCHITECTURE,
    ...COUNTED,
    exits: EXITS,
    maxBudget: "value",
    chance: "value",
    ...TIMED,
  }),
};

/** Best first: by score, ties by lower loss, then by the order of proposal, as in the search itself. */
const BEST_FIRST = "score DESC, COALESCE(score_loss, 9e999), position";

const SORTS: Readonly<Record<CandidateSort, string>> = {
  rank: "rank",
  index: "position",
  parameters: "parameters",
  multiplyAdds: "multiply_adds",
  score: "score",
};

export class SqliteCandidateReader<Space extends SpaceId = "cell"> implements CandidateReader<Space> {
  protected readonly db: SqliteDatabase;
  private readonly space: Space;

  constructor(db: SqliteDatabase, space: Space) {
    this.db = db;
    this.space = space;
  }

  in<Other extends SpaceId>(space: Other): CandidateReader<Other> {
    return new SqliteCandidateReader(this.db, space);
  }

  list(runId: string, page: CandidatePage = {}): { rows: CandidateRecords[Space][]; total: number } {
    const { sort = "rank", descending = false, offset = 0, limit = 1000, stages = false } = page;
    const { name } = TABLES[this.space];
    const runs = `SELECT id FROM runs WHERE id = @runId${stages ? " OR parent_id = @runId" : ""}`;
    // Candidates of the random baseline are not ranked.
    const ranked = `SELECT id AS ranked_id, ROW_NUMBER() OVER (PARTITION BY run_id ORDER BY ${BEST_FIRST}) AS rank FROM ${name} WHERE run_id IN (${runs}) AND score IS NOT NULL AND role <> 'random'`;
    const read = (): { rows: Row[]; total: number } => ({
      rows: this.db
        .prepare<[object], Row>(
          `SELECT c.*, ranked.rank FROM ${name} c LEFT JOIN (${ranked}) ranked ON ranked.ranked_id = c.id WHERE c.run_id IN (${runs})
           ORDER BY ${SORTS[sort]} ${descending ? "DESC" : "ASC"} NULLS LAST, c.score DESC, c.position LIMIT @limit OFFSET @offset`,
        )
        .all({ runId, limit, offset }),
      total: Number(this.db.prepare(`SELECT COUNT(*) FROM ${name} WHERE run_id IN (${runs})`).pluck().get({ runId })),
    });
    const { rows, total } = damageOf(this.db).reading(name, read, { rows: [], total: 0 });
    return { rows: rows.flatMap((row) => this.record(row, row.rank) ?? []), total };
  }

  get(id: number): CandidateRecords[Space] | null {
    const row = this.db.prepare<[number], Row>(`SELECT * FROM ${TABLES[this.space].name} WHERE id = ?`).get(id);
    return row === undefined ? null : this.record(row, this.rankOf(row));
  }

  from(runId: string, index: number): CandidateRecords[Space][] {
    const rows = this.db
      .prepare<[string, number], Row>(`SELECT * FROM ${TABLES[this.space].name} WHERE run_id = ? AND position >= ? ORDER BY position`)
      .all(runId, index);
    return rows.flatMap((row) => this.record(row, this.rankOf(row)) ?? []);
  }

  count(runId: string): number {
    return TABLES[this.space].count(this.db, runId);
  }

  private rankOf(row: Row): number | null {
    if (row.score === null || row.role === "random") return null;
    const better = this.db
      .prepare(
        `SELECT COUNT(*) FROM ${TABLES[this.space].name} WHERE run_id = @runId AND role <> 'random' AND (score > @score OR (score = @score AND
         (COALESCE(score_loss, 9e999), position) < (COALESCE(@loss, 9e999), @position)))`,
      )
      .pluck()
      .get({ runId: row.run_id, score: row.score, loss: row.score_loss, position: row.position });
    return Number(better) + 1;
  }

  /** Null for a damaged row, which is noted. */
  private record(row: Row, rank: unknown): CandidateRecords[Space] | null {
    const values = TABLES[this.space].fieldsOf(this.db, row);
    if (values === null) return null;
    const fields = Object.entries(values);
    const role = fields.findIndex(([field]) => field === "role");
    const ranked = Object.fromEntries([...fields.slice(0, role), ["rank", rank], ...fields.slice(role)]);
    return { id: row.id, runId: row.run_id, index: row.position, ...ranked } as unknown as CandidateRecords[Space];
  }
}

export class SqliteCandidateWriter extends SqliteCandidateReader implements CandidateWriter {
  constructor(db: SqliteDatabase) {
    super(db, "cell");
  }

  append(runId: string, candidates: readonly CandidateMessage[]): void {
    for (const candidate of candidates) {
      if (candidate.space === "cell") TABLES.cell.insert(this.db, runId, candidate.index, candidate);
      else TABLES.anytime.insert(this.db, runId, candidate.index, candidate);
    }
  }

  setRoles(runId: string, shortlist: readonly number[], random: readonly number[]): void {
    this.db.transaction(() => {
      for (const { name } of Object.values(TABLES)) {
        this.db.prepare(`UPDATE ${name} SET role = 'none' WHERE run_id = ?`).run(runId);
        const set = this.db.prepare(`UPDATE ${name} SET role = ? WHERE run_id = ? AND position = ?`);
        for (const index of shortlist) set.run("shortlist", runId, index);
        for (const index of random) set.run("random", runId, index);
      }
    })();
  }

  truncate(runId: string, count: number): number {
    return Object.values(TABLES).reduce((removed, table) => removed + table.truncate(this.db, runId, count), 0);
  }
}
