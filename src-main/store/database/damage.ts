/** Rows that cannot be read as this program writes them, and tables that SQLite cannot read: reported with table and row, so that the rest stays usable. */
import type Database from "better-sqlite3";
import { UserError } from "../../lib/errors.ts";

export const REPAIR_REMEDY = "Close the project, then run `ghn-studio repair`. The damaged database is kept.";

/** Sentences shown; more are only counted. */
const MAX_SHOWN = 50;

/** What was found to be damaged in one database since it was opened. */
export class DamageLog {
  /** Whether a table that SQLite cannot read counts as empty instead of being an error. Only for views that decide nothing. */
  tolerant = false;
  private readonly found = new Set<string>();
  private readonly watchers: string[][] = [];

  /** One sentence per damaged row or table, in the order found. */
  get sentences(): readonly string[] {
    const more = this.found.size - MAX_SHOWN;
    return more <= 0 ? [...this.found] : [...[...this.found].slice(0, MAX_SHOWN), `${more} more rows or tables cannot be read.`];
  }

  /** Grows with each damage that is found for the first time. */
  get count(): number {
    return this.found.size;
  }

  /** @param effect what is shown instead, as the end of the sentence */
  noteRow(table: string, row: string | number, problem: string, effect: string): void {
    this.note(`Row ${row} of the table ${table} is damaged: ${problem}; ${effect}.`);
  }

  /**
   * Runs work that must not miss anything.
   * @throws UserError `row-damaged` when it meets a damaged row, even one that is known
   */
  refusing<Result>(work: () => Result): Result {
    const met: string[] = [];
    this.watchers.push(met);
    const refuse = (cause?: unknown): void => {
      const [first] = met;
      if (first !== undefined) throw new UserError(first, { code: "row-damaged", remedy: REPAIR_REMEDY, ...(cause === undefined ? {} : { cause }) });
    };
    try {
      const result = work();
      refuse();
      return result;
    } catch (error) {
      refuse(error);
      throw error;
    } finally {
      this.watchers.splice(this.watchers.indexOf(met), 1);
    }
  }

  /** The result of a query; in a tolerant view, `instead` when the file is damaged where the table is. */
  reading<Result>(table: string, read: () => Result, instead: Result): Result {
    try {
      return read();
    } catch (error) {
      if (!this.tolerant || !isCorrupt(error)) throw error;
      this.note(`The table ${table} cannot be read completely: the database file is damaged.`);
      return instead;
    }
  }

  private note(sentence: string): void {
    for (const watcher of this.watchers) watcher.push(sentence);
    this.found.add(sentence);
  }
}

const logs = new WeakMap<Database.Database, DamageLog>();

export function damageOf(db: Database.Database): DamageLog {
  let log = logs.get(db);
  if (log === undefined) {
    log = new DamageLog();
    logs.set(db, log);
  }
  return log;
}

/** True for errors of SQLite about a damaged file. */
export function isCorrupt(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT");
}
