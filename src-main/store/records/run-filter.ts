/** Filters runs by an expression. Reads only what the expression uses, so that it stays fast with 100,000 runs. */
import type { Expression, ExpressionSubject } from "../../../src-shared/analysis/expression/expression.ts";
import { explicit, migrateConfig } from "../../../src-shared/domain/config/migrate-config.ts";
import type { Figures } from "../../../src-shared/domain/records/figures.ts";
import type { MetricSummary } from "../../../src-shared/domain/records/run.ts";
import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";

/** A query of runs `r` without the columns that it selects. */
export interface Clauses {
  readonly where: string;
  readonly joins: string;
  readonly order: string;
  readonly parameters: Record<string, string | number>;
}

/** Columns of the fields that are stored as they are. */
const COLUMNS = {
  id: "r.id",
  name: "r.name",
  kind: "r.kind",
  status: "r.status",
  stage: "r.stage",
  datasetId: "r.dataset_id",
  seed: "r.seed",
  notes: "r.notes",
  starred: "r.starred",
  activeSeconds: "r.active_seconds",
  createdAt: "r.created_at",
  startedAt: "r.started_at",
  finishedAt: "r.finished_at",
  backend: "r.backend",
  device: "r.device",
} as const satisfies Readonly<Record<Exclude<keyof ExpressionSubject, "tags" | "metrics" | "figures">, string>>;

/** What a run without tags and metrics has for them. */
const NO_TAGS: readonly string[] = [];
const NO_METRICS: ExpressionSubject["metrics"] = {};

const NO_FIGURES: Figures = {};

type Cell = string | number | null;

/** Ids of the runs that match, in the order of the query. @param figures of all runs of the query, if the expression uses figures */
export function idsPassing(
  db: SqliteDatabase,
  { where, joins, order, parameters }: Clauses,
  expression: Expression,
  figures: ReadonlyMap<string, Figures> | null,
): string[] {
  const fields = expression.fields.filter((field): field is keyof typeof COLUMNS => field in COLUMNS);
  const sections = expression.configSections;
  // A config that is not valid JSON has no sections; it must not make the whole query fail.
  const columns = [
    "r.id",
    ...fields.map((field) => COLUMNS[field]),
    ...sections.map((_, i) => `CASE WHEN json_valid(d.config) THEN d.config -> @section${i} END`),
    ...(sections.length === 0 ? [] : ["json_valid(d.config)"]),
  ];
  const details = sections.length === 0 ? "" : "LEFT JOIN run_details d ON d.run_id = r.id";
  const paths = Object.fromEntries(sections.map((section, i) => [`section${i}`, `$."${section}"`]));
  const tags = expression.fields.includes("tags") ? tagsByRun(db) : null;
  const metrics = expression.metrics.length === 0 ? null : metricsByRun(db, expression.metrics);
  const rows = db
    .prepare<[Record<string, string | number>], Cell[]>(`SELECT ${columns.join(", ")} FROM runs r ${joins} ${details} WHERE ${where} ORDER BY ${order}`)
    .raw()
    .iterate({ ...parameters, ...paths }) as IterableIterator<Cell[]>;
  const passed: string[] = [];
  for (const [id, ...values] of rows) {
    if (typeof id !== "string") continue;
    const run: Record<string, unknown> = { tags: tags?.get(id) ?? NO_TAGS, metrics: metrics?.get(id) ?? NO_METRICS, figures: figures?.get(id) ?? NO_FIGURES };
    fields.forEach((field, i) => {
      run[field] = field === "starred" ? values[i] === 1 : values[i];
    });
    if (sections.length > 0 && values.pop() === 0)
      damageOf(db).noteRow("run_details", id, "the column config is not valid JSON", "expressions treat its settings as missing");
    // Fields that the expression does not use are missing; the expression never reads them.
    if (expression.test(run as unknown as ExpressionSubject, configOf(sections, values.slice(fields.length)))) passed.push(id);
  }
  return passed;
}

/** The sections of a config as this version names their fields. */
function configOf(sections: readonly string[], texts: readonly (Cell | undefined)[]): unknown {
  if (sections.length === 0) return null;
  return explicit(
    migrateConfig(
      Object.fromEntries(
        sections.flatMap((section, i) => {
          const text = texts[i];
          return typeof text === "string" ? [[section, JSON.parse(text) as unknown]] : [];
        }),
      ),
    ),
  );
}

function tagsByRun(db: SqliteDatabase): Map<string, string[]> {
  const tags = new Map<string, string[]>();
  const rows = db.prepare<[], [string, string]>("SELECT run_id, tag FROM run_tags ORDER BY run_id, tag").raw().iterate() as IterableIterator<[string, string]>;
  for (const [runId, tag] of rows) {
    const known = tags.get(runId);
    if (known === undefined) tags.set(runId, [tag]);
    else known.push(tag);
  }
  return tags;
}

function metricsByRun(db: SqliteDatabase, names: readonly string[]): Map<string, Record<string, MetricSummary>> {
  const metrics = new Map<string, Record<string, MetricSummary>>();
  const rows = db
    .prepare<[string], [string, string, number, number, number, number]>(
      `SELECT m.run_id, n.name, m.last, m.best, m.best_step, m.count FROM metric_summaries m JOIN metric_names n ON n.id = m.name_id
       WHERE m.name_id IN (SELECT id FROM metric_names WHERE name IN (SELECT value FROM json_each(?)))`,
    )
    .raw()
    .iterate(JSON.stringify(names)) as IterableIterator<[string, string, number, number, number, number]>;
  for (const [runId, name, last, best, bestStep, count] of rows) {
    const known = metrics.get(runId);
    const summary = { last, best, bestStep, count };
    if (known === undefined) metrics.set(runId, { [name]: summary });
    else known[name] = summary;
  }
  return metrics;
}
