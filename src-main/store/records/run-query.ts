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
  if (expression !== null || figureOrder(query) !== null) return { ...inMemory(db, query, clauses, expression, completion), expressionError };
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

/** The figure that the runs are sorted by; null if they are sorted by columns and metrics. */
function figureOrder({ sort }: RunQuery): { readonly id: FigureId; readonly descending: boolean } | null {
  const [first] = sort;
  const id = first?.key.startsWith("figure:") === true ? first.key.slice("figure:".length) : "";
  return first !== undefined && isFigureId(id) ? { id, descending: first.descending } : null;
}

function inMemory(
  db: SqliteDatabase,
  query: RunQuery,
  clauses: Clauses,
  expression: Expression | null,
  completion: Completion,
): Pick<RunQueryAnswer, "rows" | "total"> {
  const { joins, order, parameters } = clauses;
  const where = `${viewConditionInOrder(query.view)} AND ${clauses.where}`;
  const figure = figureOrder(query);
  const usesFigures = figure !== null || expression?.fields.includes("figures") === true;
  const all = usesFigures
    ? db.prepare<[Record<string, string | number>], RunRow>(`SELECT r.* FROM runs r ${joins} WHERE ${where} ORDER BY ${order}`).all(parameters)
    : [];
  const figures = usesFigures ? completion.figures(all) : null;
  const passed = expression === null ? all.map(({ id }) => id) : idsPassing(db, { ...clauses, where }, expression, figures);
  const ordered = figure === null ? passed : sortedByFigure(passed, figure, figures ?? new Map());
  const rows = db
    .prepare<[string], RunRow>("SELECT r.* FROM json_each(?) wanted JOIN runs r ON r.id = wanted.value ORDER BY wanted.key")
    .all(JSON.stringify(ordered.slice(query.offset, query.offset + query.limit)));
  return { rows: completion.summaries(rows), total: passed.length };
}

/** Keeps the order of equal values; runs without the figure come last. */
function sortedByFigure(
  ids: readonly string[],
  { id, descending }: { readonly id: FigureId; readonly descending: boolean },
  figures: ReadonlyMap<string, Figures>,
): string[] {
  const valued = ids.map((run) => ({ run, value: figureValue(figures.get(run) ?? {}, id) }));
  const known = valued.flatMap(({ run, value }) => (value === null ? [] : [{ run, value }]));
  const direction = descending ? -1 : 1;
  known.sort((a, b) => (a.value === b.value ? 0 : a.value < b.value ? -direction : direction));
  return [...known, ...valued.filter(({ value }) => value === null)].map(({ run }) => run);
}

/** Words and tags need the rows themselves: reading all in order is faster than finding each through the index. */
function countedView({ view, search, tags }: RunQuery): string {
  return search.trim() === "" && tags.length === 0 ? viewCondition(view) : viewConditionInOrder(view);
}

/** Everything but the view. */
function clausesOf(query: RunQuery): Clauses {
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
  const order = query.sort.flatMap(({ key, descending }, i) => {
    // Sorted later, in memory.
    if (key.startsWith("figure:")) return [];
    const direction = descending ? "DESC" : "ASC";
    const metric = /^metric:(.+):(last|best)$/.exec(key);
    if (metric === null) return `${SORT_COLUMNS[key] ?? "r.created_at"} ${direction} NULLS LAST`;
    joins.push(`LEFT JOIN metric_summaries m${i} ON m${i}.run_id = r.id AND m${i}.name_id = (SELECT id FROM metric_names WHERE name = @metric${i})`);
    parameters[`metric${i}`] = metric[1] ?? "";
    return `m${i}.${metric[2] === "best" ? "best" : "last"} ${direction} NULLS LAST`;
  });
  const newestFirst = query.sort[0]?.descending ?? true;
  return { where: conditions.join(" AND "), joins: joins.join(" "), order: [...order, `r.rowid ${newestFirst ? "DESC" : "ASC"}`].join(", "), parameters };
}
