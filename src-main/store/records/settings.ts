import { z } from "zod";
import type { Draft } from "../../../src-shared/domain/records/drafts.ts";
import { UserError } from "../../lib/errors.ts";
import { damageOf } from "../database/damage.ts";
import type { SqliteDatabase } from "../database/database.ts";
import { RowCheck } from "../database/row-check.ts";

export interface SettingsReader {
  get(key: string): unknown;
  all(): Record<string, unknown>;
  /** The config being edited; null when there is none. */
  draft(): Draft | null;
}

export interface SettingsWriter extends SettingsReader {
  /** Stores a JSON value; undefined removes it. */
  set(key: string, value: unknown): void;
  saveDraft(draft: Omit<Draft, "savedAt">): void;
  clearDraft(): void;
}

interface SettingRow {
  readonly key: string;
  readonly value: string;
}

const DRAFT = z.looseObject({ config: z.unknown(), name: z.string(), clonedFrom: z.string().nullable(), savedAt: z.string() });

/** Most characters of one value and of all values together, as JSON. */
const MAX_VALUE = 4_000_000;
const MAX_TOTAL = 16_000_000;

const DRAFT_KEY = "draft";
/** Separates settings of windows from internal keys. */
const PREFIX = "setting:";

export class SqliteSettingsReader implements SettingsReader {
  protected readonly db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.db = db;
  }

  get(key: string): unknown {
    return this.value(PREFIX + key);
  }

  all(): Record<string, unknown> {
    const read = (): SettingRow[] => this.db.prepare<[], SettingRow>("SELECT key, value FROM settings").all();
    return Object.fromEntries(
      damageOf(this.db)
        .reading("settings", read, [])
        .filter((row) => row.key.startsWith(PREFIX))
        .flatMap((row) => {
          const value = this.parsed(row, z.unknown());
          return value === undefined ? [] : [[row.key.slice(PREFIX.length), value]];
        }),
    );
  }

  draft(): Draft | null {
    return (this.value(DRAFT_KEY, DRAFT) as Draft | undefined) ?? null;
  }

  private value(key: string, schema: z.ZodType = z.unknown()): unknown {
    const read = (): string | undefined => this.db.prepare<[string], string>("SELECT value FROM settings WHERE key = ?").pluck().get(key) as string | undefined;
    const value = damageOf(this.db).reading("settings", read, undefined);
    return value === undefined ? undefined : this.parsed({ key, value }, schema);
  }

  /** Undefined for a damaged value, which is noted. */
  private parsed({ key, value }: SettingRow, schema: z.ZodType): unknown {
    return new RowCheck(damageOf(this.db), "settings", key).json("value", value, schema, "it counts as not set") ?? undefined;
  }
}

export class SqliteSettingsWriter extends SqliteSettingsReader implements SettingsWriter {
  set(key: string, value: unknown): void {
    this.put(PREFIX + key, value);
  }

  saveDraft(draft: Omit<Draft, "savedAt">): void {
    this.put(DRAFT_KEY, { ...draft, savedAt: new Date().toISOString() } satisfies Draft);
  }

  clearDraft(): void {
    this.put(DRAFT_KEY, undefined);
  }

  /** @throws UserError `settings-full` */
  private put(key: string, value: unknown): void {
    if (value === undefined) {
      this.db.prepare("DELETE FROM settings WHERE key = ?").run(key);
      return;
    }
    const text = JSON.stringify(value);
    const others = Number(this.db.prepare("SELECT COALESCE(SUM(LENGTH(value)), 0) FROM settings WHERE key <> ?").pluck().get(key));
    if (text.length > MAX_VALUE || others + text.length > MAX_TOTAL)
      throw new UserError(
        key === DRAFT_KEY
          ? `The draft is too large to be saved (${text.length} characters).`
          : `There is no space for the setting ${key.slice(PREFIX.length)}.`,
        { code: "settings-full", remedy: `Keep less in it: a value may have ${MAX_VALUE} characters, all settings of a project together ${MAX_TOTAL}.` },
      );
    this.db.prepare("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)").run(key, text);
  }
}
