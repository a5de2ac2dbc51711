import { type Expression, parseExpression } from "../../../src-shared/analysis/expression/expression.ts";
import { type FigureId, figureValue, isFigureId } from "../../../src-shared/analysis/figures/figure-list.ts";
import type { Figures } from "../../../src-shared/domain/records/figures.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunPage, RunQuery } from "../../../src-shared/domain/records/run-history.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { type Clauses, idsPassing } from "./run-filter.ts";
import { type RunRow, viewCondition, viewConditionInOrder } from "./run-row.ts";

export type RunQueryAnswer = Pick<RunPage, "rows" | "total" | "expressionError">;
export type RunOverview = Pick<RunPage, "counts" | "tags" | "metricNames">;

/** Columns that can be sorted by; nothing else reaches SQL. */
const SORT_COLUMNS: Readonly<Record<string, string>> = {
  name: "r.name COLLATE NOCASE",
  kind: "r.kind",
  status: "r.status",
  datasetId: "r.dataset_id",
  seed: "r.seed",
  createdAt: "r.created_at",
  startedAt: "r.started_at",
  finishedAt: "r.finished_at",
  activeSeconds: "r.active_seconds",
  starred: "r.starred",
};

/** One key of the order: evaluated by SQLite, or a figure, which is computed per run. */
type SortTerm = { readonly by: "column"; readonly sql: string } | { readonly by: "figure"; readonly id: FigureId; readonly descending: boolean };

interface SortedClauses extends Clauses {
  readonly terms: readonly SortTerm[];
}

/** What rows do not have themselves. */
export interface Completion {
  summaries(rows: readonly RunRow[]): RunSummary[];
  figures(rows: readonly RunRow[]): ReadonlyMap<string, Figures>;
}

/** Filters, sorts and pages runs. Expressions and figures are evaluated per run; everything else is done in SQL. */
export function queryRuns(db: SqliteDatabase, query: RunQuery, completion: Completion): RunQueryAnswer {
  const clauses = clausesOf(query);
  const parsed = query.expression.trim() === "" ? null : parseExpression(query.expression);
  const expressionError = parsed?.ok === false ? { message: parsed.message, position: parsed.position } : null;
  const expression = parsed?.ok === true ? parsed.expression : null;
  if (expression !== null || clauses.terms.some(({ by }) => by === "figure"))
    return { ...inMemory(db, query, clauses, expression, completion), expressionError };
  const { where, joins, order, parameters } = clauses;
  const total = Number(
    db
      .prepare(`SELECT COUNT(*) FROM runs r WHERE ${countedView(query)} AND ${where}`)
      .pluck()
      .get(parameters),
  );
  const rows = db
    .prepare<[Record<string, string | number>], RunRow>(
      `SELECT r.* FROM runs r ${joins} WHERE ${viewConditionInOrder(query.view)} AND ${where} ORDER BY ${order} LIMIT @limit OFFSET @offset`,
    )
    .all({ ...parameters, limit: query.limit, offset: query.offset });
  return { rows: completion.summaries(rows), total, expressionError };
}

function inMemory(
  db: SqliteDatabase,
  query: RunQuery,
  clauses: SortedClauses,
  expression: Expression | null,
  completion: Completion,
): Pick<RunQueryAnswer, "rows" | "total"> {
  const { joins, order, parameters, terms } = clauses;
  const where = `${viewConditionInOrder(query.view)} AND ${clauses.where}`;
  const sorts = terms.some(({ by }) => by === "figure");
  const usesFigures = sorts || expression?.fields.includes("figures") === true;
  const all = usesFigures
    ? db
        .prepare<[Record<string, string | number>], RankedRow>(
          `SELECT r.*${sorts ? rankColumns(terms) : ""} FROM runs r ${joins} WHERE ${where} ORDER BY ${order}`,
        )
        .all(parameters)
    : [];
  const figures = usesFigures ? completion.figures(all) : null;
  const passed = expression === null ? all.map(({ id }) => id) : idsPassing(db, { ...clauses, where }, expression, figures);
  const ordered = sorts ? inOrder(passed, terms, all, figures ?? new Map()) : passed;
  const rows = db
    .prepare<[string], RunRow>("SELECT r.* FROM json_each(?) wanted JOIN runs r ON r.id = wanted.value ORDER BY wanted.key")
    .all(JSON.stringify(ordered.slice(query.offset, query.offset + query.limit)));
  return { rows: completion.summaries(rows), total: passed.length };
}

/** A run with its rank by each column of the order: equal values have equal ranks. */
type RankedRow = RunRow & { readonly [Rank in `rank${number}`]?: number };

/** SQLite ranks the columns, because it compares their values by its own rules. */
function rankColumns(terms: readonly SortTerm[]): string {
  return terms.map((term, i) => (term.by === "column" ? `, DENSE_RANK() OVER (ORDER BY ${term.sql}) AS rank${i}` : "")).join("");
}

/** Sorts by all terms, the first one first. Keeps the order of runs that are equal in all of them; runs without a figure come last in both directions. */
function inOrder(ids: readonly string[], terms: readonly SortTerm[], rows: readonly RankedRow[], figures: ReadonlyMap<string, Figures>): string[] {
  const keys = new Map(
    rows.map((row) => [row.id, terms.map((term, i) => (term.by === "column" ? (row[`rank${i}`] ?? null) : figureValue(figures.get(row.id) ?? {}, term.id)))]),
  );
  return ids.toSorted((left, right) => {
    const [a, b] = [keys.get(left) ?? [], keys.get(right) ?? []];
    for (const [i, term] of terms.entries()) {
      const [x, y] = [a[i] ?? null, b[i] ?? null];
      if (x === y) continue;
      if (x === null) return 1;
      if (y === null) return -1;
      return (x < y ? -1 : 1) * (term.by === "figure" && term.descending ? -1 : 1);
    }
    return 0;
  });
}

/** Words and tags need the rows themselves: reading all in order is faster than finding each through the index. */
function countedView({ view, search, tags }: RunQuery): string {
  return search.trim() === "" && tags.length === 0 ? viewCondition(view) : viewConditionInOrder(view);
}

/** Everything but the view. */
function clausesOf(query: RunQuery): SortedClauses {
  const parameters: Record<string, string | number> = {};
  const conditions = ["TRUE"];
  const oneOf = (column: string, values: readonly string[], name: string): void => {
    if (values.length === 0) return;
    conditions.push(`${column} IN (SELECT value FROM json_each(@${name}))`);
    parameters[name] = JSON.stringify(values);
  };
  oneOf("r.status", query.status, "status");
  oneOf("r.kind", query.kind, "kind");
  oneOf("r.dataset_id", query.dataset, "dataset");
  query.tags.forEach((tag, i) => {
    conditions.push(`EXISTS (SELECT 1 FROM run_tags t WHERE t.run_id = r.id AND t.tag = @tag${i})`);
    parameters[`tag${i}`] = tag;
  });
  if (query.topLevelOnly) conditions.push("+r.parent_id IS NULL");
  // Every word must occur in the name, the notes, the id or a tag.
  query.search
    .split(/\s+/)
    .filter((word) => word !== "")
    .forEach((word, i) => {
      conditions.push(
        `(r.name LIKE @word${i} ESCAPE '\\' OR r.notes LIKE @word${i} ESCAPE '\\' OR r.id LIKE @word${i} ESCAPE '\\'
          OR EXISTS (SELECT 1 FROM run_tags t WHERE t.run_id = r.id AND t.tag LIKE @word${i} ESCAPE '\\'))`,
      );
      parameters[`word${i}`] = `%${word.replace(/[\\%_]/g, "\\$&")}%`;
    });
  const joins: string[] = [];
  const terms = query.sort.map(({ key, descending }, i): SortTerm => {
    const figure = key.startsWith("figure:") ? key.slice("figure:".length) : "";
    if (isFigureId(figure)) return { by: "figure", id: figure, descending };
    const direction = descending ? "DESC" : "ASC";
    const metric = /^metric:(.+):(last|best)$/.exec(key);
    if (metric === null) return { by: "column", sql: `${SORT_COLUMNS[key] ?? "r.created_at"} ${direction} NULLS LAST` };
    joins.push(`LEFT JOIN metric_summaries m${i} ON m${i}.run_id = r.id AND m${i}.name_id = (SELECT id FROM metric_names WHERE name = @metric${i})`);
    parameters[`metric${i}`] = metric[1] ?? "";
    return { by: "column", sql: `m${i}.${metric[2] === "best" ? "best" : "last"} ${direction} NULLS LAST` };
  });
  const order = terms.flatMap((term) => (term.by === "column" ? [term.sql] : []));
  const newestFirst = query.sort[0]?.descending ?? true;
  return {
    where: conditions.join(" AND "),
    joins: joins.join(" "),
    order: [...order, `r.rowid ${newestFirst ? "DESC" : "ASC"}`].join(", "),
    parameters,
    terms,
  };
}
