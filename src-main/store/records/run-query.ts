import { type Expression, parseExpression } from "../../../src-shared/analysis/expression/expression.ts";
import { migrateConfig } from "../../../src-shared/domain/config/migrate-config.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunPage, RunQuery } from "../../../src-shared/domain/records/run-history.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { type RunRow, viewCondition } from "./run-row.ts";

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

/** Converts rows to summaries, with all metrics or the named ones. */
type Complete = (rows: readonly RunRow[], metricNames?: readonly string[]) => RunSummary[];

interface Clauses {
  readonly where: string;
  readonly joins: string;
  readonly order: string;
  readonly parameters: Record<string, string | number>;
}

/** Filters, sorts and pages runs. Only expressions are evaluated per run; everything else is done in SQL. */
export function queryRuns(db: SqliteDatabase, query: RunQuery, complete: Complete): RunQueryAnswer {
  const clauses = clausesOf(query);
  const parsed = query.expression.trim() === "" ? null : parseExpression(query.expression);
  if (parsed?.ok === true) return filtered(db, query, clauses, parsed.expression, complete);
  const { where, joins, order, parameters } = clauses;
  const total = Number(db.prepare(`SELECT COUNT(*) FROM runs r WHERE ${where}`).pluck().get(parameters));
  const rows = db
    .prepare<[Record<string, string | number>], RunRow>(`SELECT r.* FROM runs r ${joins} WHERE ${where} ORDER BY ${order} LIMIT @limit OFFSET @offset`)
    .all({ ...parameters, limit: query.limit, offset: query.offset });
  return { rows: complete(rows), total, expressionError: parsed === null ? null : { message: parsed.message, position: parsed.position } };
}

function filtered(db: SqliteDatabase, query: RunQuery, clauses: Clauses, expression: Expression, complete: Complete): RunQueryAnswer {
  const { where, joins, order, parameters } = clauses;
  const rows = db.prepare<[Record<string, string | number>], RunRow>(`SELECT r.* FROM runs r ${joins} WHERE ${where} ORDER BY ${order}`).all(parameters);
  const config = db.prepare<[string], string>("SELECT config FROM run_details WHERE run_id = ?").pluck();
  const subjects = complete(rows, expression.metrics);
  const passed = rows.filter((row, i) => {
    const subject = subjects[i];
    return (
      subject !== undefined &&
      expression.test(subject, expression.usesConfig ? migrateConfig(JSON.parse((config.get(row.id) as string | undefined) ?? "null")) : null)
    );
  });
  return { rows: complete(passed.slice(query.offset, query.offset + query.limit)), total: passed.length, expressionError: null };
}

function clausesOf(query: RunQuery): Clauses {
  const parameters: Record<string, string | number> = {};
  const conditions = [viewCondition(query.view)];
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
  if (query.topLevelOnly) conditions.push("r.parent_id IS NULL");
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
  const order = query.sort.map(({ key, descending }, i) => {
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
