/** Reads all rows of a table that can be read, around damaged pages. */
import { isCorrupt } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";

export type StoredRow = Record<string, unknown>;

/** Rows read at once while nothing is damaged. */
const CHUNK = 200;
/** Beyond every row id that SQLite has assigned to a table of this program. */
const MAX_ROWID = 2 ** 52;

/**
 * Rows of a table in the order of their ids. Where a page is damaged, the next id that can be read is searched for.
 * @param lost called with each range of ids between two readable rows; `last` is null when nothing behind it can be read
 */
export function* readableRows(db: SqliteDatabase, table: string, lost: (first: number, last: number | null) => void): Generator<StoredRow> {
  const next = db.prepare<[number, number], StoredRow>(`SELECT rowid AS _rowid, * FROM "${table}" NOT INDEXED WHERE rowid > ? ORDER BY rowid LIMIT ?`);
  const after = (rowid: number, count: number): StoredRow[] | null => {
    try {
      return next.all(rowid, count);
    } catch (error) {
      if (isCorrupt(error)) return null;
      throw error;
    }
  };
  let last = 0;
  for (;;) {
    const rows = after(last, CHUNK) ?? after(last, 1);
    if (rows === null) {
      const gap = readableGap((offset) => after(last + offset, 1) !== null, MAX_ROWID - last);
      const [row] = gap === null ? [] : (after(last + gap, 1) ?? []);
      lost(last + 1, row === undefined ? null : Number(row["_rowid"]) - 1);
      if (gap === null || row === undefined) return;
      last += gap;
      continue;
    }
    if (rows.length === 0) return;
    for (const { _rowid, ...row } of rows) {
      yield row;
      last = Number(_rowid);
    }
  }
}

/** The smallest distance at which something can be read again, found by doubling and bisection; null when there is none below `limit`. */
function readableGap(isReadable: (offset: number) => boolean, limit: number): number | null {
  let bad = 0;
  let good = 1;
  while (!isReadable(good)) {
    bad = good;
    good *= 2;
    if (good > limit) return null;
  }
  while (good - bad > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isReadable(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/**
 * Rows of a table without row ids: from both ends up to the damage, and those of each of the given owners.
 * @returns the rows, and whether some could not be reached
 */
export function readableKeyedRows(
  db: SqliteDatabase,
  table: string,
  key: readonly string[],
  owners: readonly string[],
): { readonly rows: readonly StoredRow[]; readonly complete: boolean } {
  const found = new Map<string, StoredRow>();
  const read = (sql: string, parameters: readonly string[]): boolean => {
    try {
      for (const row of db.prepare<unknown[], StoredRow>(sql).iterate(...parameters)) found.set(JSON.stringify(key.map((column) => row[column])), row);
      return true;
    } catch (error) {
      if (isCorrupt(error)) return false;
      throw error;
    }
  };
  const order = (direction: string): string => `SELECT * FROM "${table}" ORDER BY ${key.map((column) => `${column} ${direction}`).join(", ")}`;
  const complete = read(order("ASC"), []) || read(order("DESC"), []);
  if (!complete && key[0] === "run_id") for (const owner of owners) read(`SELECT * FROM "${table}" WHERE run_id = ?`, [owner]);
  return { rows: [...found.values()], complete };
}
