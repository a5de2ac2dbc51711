import type { Draft } from "../../../src-shared/domain/records/drafts.ts";
import type { SqliteDatabase } from "../database/database.ts";

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
    const rows = this.db.prepare<[], { key: string; value: string }>("SELECT key, value FROM settings").all();
    return Object.fromEntries(rows.filter((row) => row.key.startsWith(PREFIX)).map((row) => [row.key.slice(PREFIX.length), JSON.parse(row.value) as unknown]));
  }

  draft(): Draft | null {
    return (this.value(DRAFT_KEY) as Draft | undefined) ?? null;
  }

  protected value(key: string): unknown {
    const text = this.db.prepare<[string], string>("SELECT value FROM settings WHERE key = ?").pluck().get(key) as string | undefined;
    return text === undefined ? undefined : JSON.parse(text);
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

  private put(key: string, value: unknown): void {
    if (value === undefined) this.db.prepare("DELETE FROM settings WHERE key = ?").run(key);
    else this.db.prepare("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)").run(key, JSON.stringify(value));
  }
}
