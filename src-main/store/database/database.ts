import { existsSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { UserError } from "../../lib/errors.ts";
import { REPAIR_REMEDY } from "./damage.ts";
import { MIGRATIONS, type Migration } from "./migrations.ts";

export type SqliteDatabase = Database.Database;

/** Marks an SQLite file as a database of GHN Studio ("GHNS"). */
const APPLICATION_ID = 0x47484e53;
/** How long a statement waits for a lock of another process, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

export interface DatabaseOptions {
  /** Open for reading only: no migration, no lock. For a project that another process holds open. */
  readonly readOnly?: boolean;
  /** For tests of migrations. */
  readonly migrations?: readonly Migration[];
}

/**
 * Opens a database and migrates its schema to the current version: each step in a transaction, in order. Before the
 * first step, the old file is copied to `<file>.v<version>.bak`.
 * @throws UserError when the file is damaged, foreign, or of a newer version; the file is then left unchanged
 */
export function openDatabase(file: string, options: DatabaseOptions = {}): SqliteDatabase {
  const { readOnly = false, migrations = MIGRATIONS } = options;
  const isNew = !existsSync(file);
  if (isNew && (readOnly || !existsSync(dirname(file)))) throw unreadable(file);
  if (!isNew) requireRegularFile(file);
  let db: SqliteDatabase;
  try {
    db = new Database(file, { readonly: readOnly, timeout: BUSY_TIMEOUT_MS });
  } catch (cause) {
    throw cannotOpen(file, cause);
  }
  try {
    check(db, file, isNew, migrations);
    db.pragma("foreign_keys = ON");
    if (!readOnly) {
      db.pragma("journal_mode = WAL");
      // With WAL, a power failure loses at most the last few transactions and never corrupts the file.
      db.pragma("synchronous = NORMAL");
      migrate(db, file, isNew, migrations);
    } else if (schemaVersion(db) < newest(migrations)) {
      throw new UserError(`The project database ${file} was written by an older version of GHN Studio.`, {
        code: "project-old",
        remedy: "Open the project once with this version to migrate it.",
        file,
      });
    }
    return db;
  } catch (cause) {
    db.close();
    throw cannotOpen(file, cause);
  }
}

const statements = new WeakMap<SqliteDatabase, Map<string, Database.Statement>>();

/**
 * A statement that is compiled once per database. For fixed SQL that runs many times per second. Each text must be used
 * in one place only, because a statement keeps its mode (`pluck`).
 */
export function prepared<Parameters extends unknown[], Row = unknown>(db: SqliteDatabase, sql: string): Database.Statement<Parameters, Row> {
  let known = statements.get(db);
  if (known === undefined) {
    known = new Map();
    statements.set(db, known);
  }
  let statement = known.get(sql);
  if (statement === undefined) {
    statement = db.prepare(sql);
    known.set(sql, statement);
  }
  return statement as unknown as Database.Statement<Parameters, Row>;
}

export function schemaVersion(db: SqliteDatabase): number {
  return Number(db.pragma("user_version", { simple: true }));
}

function newest(migrations: readonly Migration[]): number {
  return migrations.reduce((version, migration) => Math.max(version, migration.version), 0);
}

function check(db: SqliteDatabase, file: string, isNew: boolean, migrations: readonly Migration[]): void {
  const applicationId = Number(db.pragma("application_id", { simple: true }));
  const version = schemaVersion(db);
  if (!isNew && applicationId !== APPLICATION_ID && !isEmpty(db))
    throw new UserError(`The file ${file} belongs to another program.`, {
      code: "project-foreign",
      remedy: "Choose a folder that GHN Studio created.",
      file,
    });
  if (version > newest(migrations))
    throw new UserError(
      `The project database ${file} was written by a newer version of GHN Studio (schema ${version}, this one reads ${newest(migrations)}).`,
      {
        code: "project-newer",
        remedy: "Update GHN Studio, then open the project again. Nothing was changed.",
        file,
      },
    );
}

function isEmpty(db: SqliteDatabase): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
}

function migrate(db: SqliteDatabase, file: string, isNew: boolean, migrations: readonly Migration[]): void {
  const from = schemaVersion(db);
  const due = migrations.filter((migration) => migration.version > from).sort((a, b) => a.version - b.version);
  if (due.length === 0) return;
  if (!isNew && from > 0) keepCopy(db, `${file}.v${from}.bak`);
  for (const migration of due)
    db.transaction(() => {
      db.exec(migration.sql);
      db.pragma(`user_version = ${migration.version}`);
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }).exclusive();
}

/** Makes a complete copy, including what is still in the write-ahead log. */
function keepCopy(db: SqliteDatabase, copy: string): void {
  rmSync(copy, { force: true });
  db.prepare("VACUUM INTO ?").run(copy);
}

function cannotOpen(file: string, cause: unknown): unknown {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT"))
    return new UserError(`The project database ${file} is damaged and cannot be read.`, {
      code: "project-damaged",
      remedy: REPAIR_REMEDY,
      file,
      cause,
    });
  if (code.startsWith("SQLITE_CANTOPEN") || code.startsWith("SQLITE_READONLY") || code === "SQLITE_PERM") return unreadable(file, cause);
  if (code === "SQLITE_FULL")
    return new UserError(`The disk is full: ${file} cannot be written.`, {
      code: "disk-full",
      remedy: "Free some space, then open the project again.",
      file,
      cause,
    });
  return cause;
}

/** SQLite would wait forever on a pipe. @throws UserError `project-foreign` */
function requireRegularFile(file: string): void {
  for (const suffix of ["", "-wal", "-shm", "-journal"])
    if (statSync(file + suffix, { throwIfNoEntry: false })?.isFile() === false)
      throw new UserError(`${file}${suffix} is not a regular file.`, {
        code: "project-foreign",
        remedy: "Remove it if you do not know what it is, or choose another folder.",
        file: file + suffix,
      });
}

function unreadable(file: string, cause?: unknown): UserError {
  return new UserError(`The project database ${file} cannot be opened.`, {
    code: "project-unreadable",
    remedy: "Check that the folder exists and that you have permission to write to it.",
    file,
    cause,
  });
}
