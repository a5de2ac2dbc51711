import type { z } from "zod";
import { parseJson } from "../../lib/json.ts";
import type { DamageLog } from "./damage.ts";

/** Characters of a wrong value that messages quote. */
const MAX_QUOTED = 40;

/** Checks the columns of one row whose content SQLite does not check: JSON, words of a fixed set, times. */
export class RowCheck {
  private readonly log: DamageLog;
  private readonly table: string;
  private readonly row: string | number;

  constructor(log: DamageLog, table: string, row: string | number) {
    this.log = log;
    this.table = table;
    this.row = row;
  }

  /** The value of a JSON column; null when it is damaged, which is noted. @param effect as in {@link DamageLog.noteRow} */
  json<Value>(column: string, text: unknown, schema: z.ZodType<Value>, effect: string): Value | null {
    let value: unknown;
    try {
      value = parseJson(String(text));
    } catch {
      this.damaged(`the column ${column} is not valid JSON`, effect);
      return null;
    }
    const parsed = schema.safeParse(value);
    // The value itself: a schema may know fewer fields than are stored.
    if (parsed.success) return value as Value;
    const [issue] = parsed.error.issues;
    const place = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.map(String).join(".")}`;
    this.damaged(`the column ${column} is not what belongs there${place}`, effect);
    return null;
  }

  /** The value of a column with fixed words; null when it is another, which is noted. */
  oneOf<Word extends string>(column: string, value: unknown, words: readonly Word[], effect: string): Word | null {
    const known = words.find((word) => word === value);
    if (known !== undefined) return known;
    this.damaged(`the column ${column} has the unknown value ${JSON.stringify(String(value).slice(0, MAX_QUOTED))}`, effect);
    return null;
  }

  /** A time in ISO 8601; null when it is not one, which is noted. */
  time(column: string, value: string, effect: string): string | null {
    if (!Number.isNaN(Date.parse(value))) return value;
    this.damaged(`the column ${column} is not a time`, effect);
    return null;
  }

  private damaged(problem: string, effect: string): void {
    this.log.noteRow(this.table, this.row, problem, effect);
  }
}
