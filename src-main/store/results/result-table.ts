import type { z } from "zod";
import { damageOf } from "../database/damage.ts";
import { prepared, type SqliteDatabase } from "../database/database.ts";
import { RowCheck } from "../database/row-check.ts";

/** How a field is stored in its column; columns are named like fields, in snake case. */
export type Codec =
  /** Unchanged. */
  | "value"
  /** Like `value`; missing if the column is NULL. */
  | "optional"
  /** As JSON text; with `optional`, missing if the column is NULL. */
  | { readonly json: z.ZodType; readonly optional?: true }
  /** One of these words. */
  | { readonly oneOf: readonly string[] }
  /** A number; NULL if it is not finite. */
  | "number";

/** Every field that a message has, in the order of the columns. */
export type Fields<Message> = { readonly [Name in keyof Omit<Message, "space">]-?: Codec };

type SqlValue = string | number | null;
/** A row as returned by SQLite. */
export type Row = Readonly<Record<string, unknown>>;

/** One table of results. Its rows belong to runs and are numbered within their run. */
export class ResultTable<Message extends object> {
  readonly name: string;
  private readonly fields: readonly (readonly [field: string, codec: Codec, column: string])[];
  private readonly insertion: string;

  /** @param expressions SQL to use instead of a plain parameter, by column */
  constructor(name: string, fields: Fields<Message>, expressions: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.fields = Object.entries<Codec>(fields).map(([field, codec]) => [field, codec, columnOf(field)]);
    const columns = this.fields.map(([, , column]) => column);
    this.insertion = `INSERT INTO ${name} (run_id, position, ${columns.join(", ")}) VALUES (?, ?, ${columns.map((column) => expressions[column] ?? "?").join(", ")})`;
  }

  insert(db: SqliteDatabase, runId: string, position: number, message: Message): number {
    const values = this.fields.map(([field, codec]) => encoded((message as Readonly<Record<string, unknown>>)[field], codec));
    return Number(prepared(db, this.insertion).run(runId, position, ...values).lastInsertRowid);
  }

  /** The fields of a row; null when one is damaged, which is noted (`damageOf`). */
  fieldsOf(db: SqliteDatabase, row: Row): object | null {
    const check = new RowCheck(damageOf(db), this.name, Number(row["id"]));
    const fields: [string, unknown][] = [];
    for (const [field, codec, column] of this.fields) {
      const value = decoded(check, column, row[column], codec);
      if (value === null && row[column] !== null) return null;
      if (value !== undefined) fields.push([field, value]);
    }
    return Object.fromEntries(fields);
  }

  count(db: SqliteDatabase, runId: string): number {
    return Number(prepared(db, `SELECT COUNT(*) FROM ${this.name} WHERE run_id = ?`).pluck().get(runId));
  }

  /** Keeps the first `count` rows of a run. Returns how many were removed. */
  truncate(db: SqliteDatabase, runId: string, count: number): number {
    return prepared(db, `DELETE FROM ${this.name} WHERE run_id = ? AND position >= ?`).run(runId, count).changes;
  }
}

function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function encoded(value: unknown, codec: Codec): SqlValue {
  if (value === undefined || value === null) return null;
  return typeof codec === "object" && "json" in codec ? JSON.stringify(value) : (value as SqlValue);
}

const LEFT_OUT = "it is left out";

/** The value of a column; null for a damaged one. */
function decoded(check: RowCheck, column: string, value: unknown, codec: Codec): unknown {
  switch (codec) {
    case "value":
      return value;
    case "optional":
      return value ?? undefined;
    case "number":
      return value ?? Number.NaN;
  }
  if ("oneOf" in codec) return check.oneOf(column, value, codec.oneOf, LEFT_OUT);
  if (value === null && codec.optional === true) return undefined;
  return check.json(column, value, codec.json, LEFT_OUT);
}
