/** User settings and recent projects: one JSON file in the user's folder, written atomically and readable by the user only. */
import { readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../lib/errors.ts";
import { systemErrorCode, writeFileAtomic } from "../../lib/files.ts";
import { parseJson } from "../../lib/json.ts";
import type { Logger } from "../../lib/logger.ts";

const fileSchema = z.object({
  version: z.literal(1),
  settings: z.record(z.string(), z.json()).default({}),
  recent: z.array(z.object({ folder: z.string(), name: z.string(), openedAt: z.string() })).default([]),
});
type Content = z.infer<typeof fileSchema>;
export type RecentEntry = Content["recent"][number];
type Json = z.infer<ReturnType<typeof z.json>>;

/** All settings together, as JSON. Larger data belongs in a project. */
const MAX_BYTES = 2 * 2 ** 20;
const MAX_KEYS = 2000;
const MAX_RECENT = 20;

export class UserSettings {
  private readonly file: string;
  private readonly log: Logger;
  private readonly content: Content;
  private writing: Promise<void> = Promise.resolve();
  private pending = false;

  private constructor(file: string, log: Logger, content: Content) {
    this.file = file;
    this.log = log;
    this.content = content;
  }

  /** Reads the file. A damaged file is renamed, never deleted, and the settings start empty. */
  static async open(file: string, log: Logger): Promise<UserSettings> {
    let content: Content = { version: 1, settings: {}, recent: [] };
    try {
      content = fileSchema.parse(parseJson(await readFile(file, "utf8")));
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT") {
        log.warning(`The settings ${file} cannot be read; they are kept as ${file}.damaged.`, String(error));
        await rename(file, `${file}.damaged`).catch(() => undefined);
      }
    }
    return new UserSettings(file, log, content);
  }

  get(key: string): unknown {
    return Object.hasOwn(this.content.settings, key) ? this.content.settings[key] : undefined;
  }

  all(): Readonly<Record<string, unknown>> {
    return { ...this.content.settings };
  }

  /**
   * Sets a value; null removes it. Changes are written soon, several at once.
   * @throws UserError `settings-full`
   */
  set(key: string, value: Json): void {
    const { settings } = this.content;
    if (value === null) delete settings[key];
    else {
      const { [key]: _replaced, ...others } = settings;
      const bytes = JSON.stringify(value).length;
      if (bytes > MAX_BYTES / 4) throw new UserError(`The setting ${key} is too large.`, { code: "settings-full", remedy: "Store less data in it." });
      if (Object.keys(others).length >= MAX_KEYS || JSON.stringify(others).length + bytes > MAX_BYTES)
        throw new UserError(`There is no space for the setting ${key}.`, {
          code: "settings-full",
          remedy: `All settings together may have ${MAX_KEYS} keys and ${MAX_BYTES / 2 ** 20} MB; remove others.`,
        });
      // Defined instead of assigned: "__proto__" is an ordinary key here.
      Object.defineProperty(settings, key, { value, writable: true, enumerable: true, configurable: true });
    }
    this.save();
  }

  get recent(): readonly RecentEntry[] {
    return this.content.recent;
  }

  remember(folder: string, name: string): void {
    const others = this.content.recent.filter((entry) => entry.folder !== folder);
    this.content.recent = [{ folder, name, openedAt: new Date().toISOString() }, ...others].slice(0, MAX_RECENT);
    this.save();
  }

  forget(folder: string): void {
    this.content.recent = this.content.recent.filter((entry) => entry.folder !== folder);
    this.save();
  }

  forgetAll(): void {
    this.content.recent = [];
    this.save();
  }

  /** Waits until all changes are on disk. */
  flush(): Promise<void> {
    return this.writing;
  }

  private save(): void {
    if (this.pending) return;
    this.pending = true;
    this.writing = this.writing.then(async () => {
      // Includes all changes of this tick.
      await new Promise((resolve) => setImmediate(resolve));
      this.pending = false;
      await writeFileAtomic(this.file, Buffer.from(`${JSON.stringify(this.content, null, 2)}\n`), 0o600).catch((error: unknown) =>
        this.log.error("The settings cannot be written.", String(error)),
      );
    });
  }
}
