/** Builds a new database from what can be read of a damaged one. */
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import Database from "better-sqlite3";
import { isStaged, RUN_KINDS, type RunKind } from "../../../src-shared/domain/config/run-config.ts";
import { UserError } from "../../lib/errors.ts";
import { isCorrupt } from "../database/damage.ts";
import { openDatabase, type SqliteDatabase, schemaVersion } from "../database/database.ts";
import { MARK_DIVERGED, SCHEMA_VERSION } from "../database/migrations.ts";
import { SqliteMetricWriter } from "../metrics/metric-writer.ts";
import { readableKeyedRows, readableRows, type StoredRow } from "./read-rows.ts";
import { RepairReport } from "./report.ts";
import { repairedRow } from "./rules.ts";

/** Tables with row ids, owners before what they own. */
const ROW_TABLES = [
  "runs",
  "run_details",
  "metric_names",
  "metric_series",
  "metric_pieces",
  "candidates",
  "anytime_candidates",
  "trainings",
  "anytime_trainings",
  "artifacts",
  "logs",
  "requests",
] as const;
const KEYED_TABLES = { run_tags: ["run_id", "tag"], metric_summaries: ["run_id", "name_id"], settings: ["key"] } as const;
/** Tables whose rows belong to a run. */
const OWNED = [
  "run_details",
  "run_tags",
  "metric_summaries",
  "metric_series",
  "candidates",
  "anytime_candidates",
  "trainings",
  "anytime_trainings",
  "artifacts",
  "logs",
];
/** Bytes of a database's header, and offsets in it. */
const HEADER = { bytes: 100, formatVersions: 18, changeCounter: 24, pages: 28, freeList: 32, freePages: 36, validFor: 92 } as const;

/**
 * Reads `damaged` (a copy, which may be changed) and writes what can be read to `fresh`, a new file.
 * @throws UserError `project-damaged` when nothing can be read
 */
export function rebuildDatabase(damaged: string, fresh: string): RepairReport {
  const report = new RepairReport();
  const target = openDatabase(fresh);
  try {
    // Its header may be needed.
    target.pragma("wal_checkpoint(TRUNCATE)");
    const source = openDamaged(damaged, fresh, report);
    try {
      for (const problem of integrityProblems(source)) report.problem(problem);
      target.pragma("foreign_keys = OFF");
      target.transaction(() => {
        copyTables(source, target, report);
        if (!hasDivergence(source)) target.exec(MARK_DIVERGED);
        restoreRuns(target, report);
        restoreReferences(target, report);
      })();
    } finally {
      source.close();
    }
    target.pragma("foreign_keys = ON");
    requireIntact(target);
    // Only the database file is put in place, without its log. Throws if the disk is full.
    target.pragma("wal_checkpoint(TRUNCATE)");
    return report;
  } finally {
    target.close();
  }
}

/** Opens a copy of the damaged database. A header that is destroyed is replaced by that of a new database, which differs in nothing that matters. */
function openDamaged(file: string, template: string, report: RepairReport): SqliteDatabase {
  for (const repairHeader of [false, true]) {
    if (repairHeader) {
      if (!replaceHeader(file, template)) break;
      report.problem("The header of the database file was destroyed.");
    }
    const db = new Database(file);
    try {
      db.pragma("trusted_schema = OFF");
      if (!repairHeader && schemaVersion(db) > SCHEMA_VERSION)
        throw new UserError(
          `The project database was written by a newer version of GHN Studio (schema ${schemaVersion(db)}, this one reads ${SCHEMA_VERSION}).`,
          {
            code: "project-newer",
            remedy: "Update GHN Studio, then repair the project. Nothing was changed.",
          },
        );
      if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'runs'").get() !== undefined) return db;
      db.close();
    } catch (error) {
      db.close();
      if (!isCorrupt(error)) throw error;
    }
  }
  throw nothingReadable();
}

function nothingReadable(): UserError {
  return new UserError("Nothing can be read from the project database.", {
    code: "project-damaged",
    remedy:
      "Restore runs.sqlite from a backup (copies made before migrations end in .bak). Nothing was changed; the files of the runs are in the folder artifacts.",
  });
}

/** @returns false when the file is too short to hold anything */
function replaceHeader(file: string, template: string): boolean {
  const header = Buffer.alloc(HEADER.bytes);
  const from = openSync(template, "r");
  try {
    readSync(from, header, 0, HEADER.bytes, 0);
  } finally {
    closeSync(from);
  }
  const encoded = header.readUInt16BE(16);
  const pageBytes = encoded === 1 ? 65_536 : encoded;
  const pages = Math.floor(statSync(file).size / pageBytes);
  if (pages < 2) return false;
  // Written in write-ahead mode, so that a log next to the file is applied.
  header.writeUInt8(2, HEADER.formatVersions);
  header.writeUInt8(2, HEADER.formatVersions + 1);
  header.writeUInt32BE(pages, HEADER.pages);
  header.writeUInt32BE(0, HEADER.freeList);
  header.writeUInt32BE(0, HEADER.freePages);
  header.writeUInt32BE(header.readUInt32BE(HEADER.changeCounter), HEADER.validFor);
  const to = openSync(file, "r+");
  try {
    writeSync(to, header, 0, HEADER.bytes, 0);
  } finally {
    closeSync(to);
  }
  return true;
}

function integrityProblems(db: SqliteDatabase): string[] {
  try {
    const lines = (db.pragma("integrity_check(20)") as { integrity_check: string }[]).map((line) => line.integrity_check);
    return lines.filter((line) => line !== "ok").flatMap((line) => line.split("\n"));
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    return [error instanceof Error ? error.message : String(error)];
  }
}

function copyTables(source: SqliteDatabase, target: SqliteDatabase, report: RepairReport): void {
  const has = source.prepare<[string], unknown>("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  const present = (table: string): boolean => {
    // Tables of a later schema version than the project's.
    if (has.get(table) !== undefined) return true;
    if (schemaVersion(source) >= SCHEMA_VERSION) report.lostTable(table);
    return false;
  };
  for (const table of ROW_TABLES) {
    if (!present(table)) continue;
    const put = inserter(target, table, report);
    for (const row of readableRows(source, table, (first, last) => report.lostRange(table, first, last))) put(row, row["id"] ?? row["run_id"]);
  }
  const owners = target.prepare<[], string>("SELECT id FROM runs").pluck().all() as string[];
  for (const [table, key] of Object.entries(KEYED_TABLES)) {
    if (!present(table)) continue;
    const put = inserter(target, table, report);
    const { rows, complete } = readableKeyedRows(source, table, key, owners);
    for (const row of rows) put(row, key.map((column) => String(row[column])).join(" "));
    // Summaries are computed again from the points.
    if (!complete && table !== "metric_summaries") report.lostPart(table);
  }
}

/** False for a project from before version 6, whose diverged trainings are not marked. */
function hasDivergence(db: SqliteDatabase): boolean {
  return (db.pragma("table_info(trainings)") as { name: string }[]).some(({ name }) => name === "divergence");
}

/** Inserts rows as far as they can be kept. */
function inserter(target: SqliteDatabase, table: string, report: RepairReport): (row: StoredRow, id: unknown) => void {
  const known = new Set((target.pragma(`table_info("${table}")`) as { name: string }[]).map(({ name }) => name));
  return (row, id) => {
    const repaired = repairedRow(table, row);
    if (repaired.row === null) {
      report.lostRow(table, id, repaired.columns);
      return;
    }
    const entries = Object.entries(repaired.row).filter(([column]) => known.has(column));
    const columns = entries.map(([column]) => `"${column}"`).join(", ");
    try {
      const { changes } = target
        .prepare(`INSERT OR IGNORE INTO "${table}" (${columns}) VALUES (${entries.map(() => "?").join(", ")})`)
        .run(...entries.map(([, value]) => value));
      if (changes === 0) report.lostRow(table, id, ["a value is missing, or another row has the same key"]);
      else report.kept(table, id, repaired.columns);
    } catch (error) {
      // A value of a wrong type, or none where one is required.
      if (!(error instanceof Database.SqliteError) || !error.code.startsWith("SQLITE_CONSTRAINT")) throw error;
      report.lostRow(table, id, [error.message]);
    }
  };
}

/** Runs whose own row is lost or incomplete are restored from the rows that belong to them. */
function restoreRuns(db: SqliteDatabase, report: RepairReport): void {
  const orphans = new Set(
    OWNED.flatMap(
      (table) => db.prepare<[], string>(`SELECT DISTINCT run_id FROM "${table}" WHERE run_id NOT IN (SELECT id FROM runs)`).pluck().all() as string[],
    ),
  );
  const add = db.prepare(
    "INSERT INTO runs (id, name, kind, status, dataset_id, seed, created_at, failure) VALUES (@id, @name, @kind, '', @dataset, @seed, @createdAt, NULL)",
  );
  for (const id of orphans) {
    const { kind, dataset, seed } = factsOf(db, id);
    const createdAt =
      (db.prepare<[string], string>("SELECT MIN(time) FROM logs WHERE run_id = ?").pluck().get(id) as string | null) ?? new Date(0).toISOString();
    add.run({ id, name: `Recovered ${id}`, kind, dataset, seed, createdAt });
    report.say(`The run ${id} was restored from its other records; its name and state are lost.`);
  }
  const setKind = db.prepare("UPDATE runs SET kind = ? WHERE id = ?");
  for (const id of db.prepare<[], string>("SELECT id FROM runs WHERE kind = ''").pluck().all() as string[]) setKind.run(factsOf(db, id).kind, id);
  restoreStates(db, report);
  db.exec("UPDATE runs SET parent_id = NULL, stage = NULL WHERE parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM runs)");
}

/** A run that recorded its results was completed; any other was interrupted. */
function restoreStates(db: SqliteDatabase, report: RepairReport): void {
  const failure = JSON.stringify({ message: "The state of the run was lost when the project was repaired.", remedy: "Resume the run, or start it again." });
  const unknown = db
    .prepare<[], { id: string; summary: string | null }>("SELECT r.id, d.summary FROM runs r LEFT JOIN run_details d ON d.run_id = r.id WHERE r.status = ''")
    .all();
  const set = db.prepare("UPDATE runs SET status = ?, failure = ?, queue_position = NULL WHERE id = ?");
  for (const { id, summary } of unknown) {
    const completed = summary !== null && summary !== "{}";
    set.run(completed ? "completed" : "interrupted", completed ? null : failure, id);
    report.say(`The run ${id} is ${completed ? "completed: it has results" : "interrupted: its state was lost"}.`);
  }
}

/** What is known of a run without its row: from its config, otherwise from what it produced. */
function factsOf(db: SqliteDatabase, id: string): { readonly kind: RunKind; readonly dataset: string; readonly seed: number } {
  const text = db.prepare<[string], string>("SELECT config FROM run_details WHERE run_id = ?").pluck().get(id) as string | undefined;
  if (text !== undefined) {
    const config = JSON.parse(text) as { kind: RunKind; seed: number; dataset: { id: string } };
    return { kind: config.kind, dataset: config.dataset.id, seed: Math.trunc(config.seed) };
  }
  const has = (table: string): boolean => db.prepare<[string], unknown>(`SELECT 1 FROM "${table}" WHERE run_id = ? LIMIT 1`).get(id) !== undefined;
  const guesses = {
    search: "candidates",
    "anytime-search": "anytime_candidates",
    "cell-training": "trainings",
    "anytime-training": "anytime_trainings",
  } as const;
  const kind = RUN_KINDS.find((known) => !isStaged(known) && known in guesses && has(guesses[known as keyof typeof guesses])) ?? "ghn-training";
  return { kind, dataset: "folder", seed: 0 };
}

/** References to lost rows, names of curves, cursors and summaries. */
function restoreReferences(db: SqliteDatabase, report: RepairReport): void {
  db.exec(`
UPDATE trainings SET candidate_id = NULL WHERE candidate_id NOT IN (SELECT id FROM candidates);
UPDATE anytime_trainings SET candidate_id = NULL WHERE candidate_id NOT IN (SELECT id FROM anytime_candidates);
INSERT OR IGNORE INTO metric_names (id, name) SELECT DISTINCT name_id, 'recovered/' || name_id FROM metric_series WHERE name_id NOT IN (SELECT id FROM metric_names);
DELETE FROM metric_summaries WHERE name_id NOT IN (SELECT id FROM metric_names);
UPDATE runs SET metric_cursor = MAX(metric_cursor, COALESCE((SELECT MAX(p.last_cursor) FROM metric_series s JOIN metric_pieces p ON p.series_id = s.id WHERE s.run_id = runs.id), 0));`);
  const pieces = db.prepare("DELETE FROM metric_pieces WHERE series_id NOT IN (SELECT id FROM metric_series)").run().changes;
  if (pieces > 0) report.say(`${pieces} pieces of curves are lost, because it is not known which curves they belong to.`);
  const metrics = new SqliteMetricWriter(db);
  for (const id of db.prepare<[], string>("SELECT id FROM runs").pluck().all() as string[]) metrics.restoreSummaries(id);
}

/** @throws Error when the new database has a problem, which is a fault of this program */
function requireIntact(db: SqliteDatabase): void {
  const problems = [
    ...integrityProblems(db),
    ...(db.pragma("foreign_key_check") as { table: string }[]).map(({ table }) => `A row of ${table} refers to a missing row.`),
  ];
  if (problems.length > 0) throw new Error(`The repaired database is not intact: ${problems[0]}`);
}
