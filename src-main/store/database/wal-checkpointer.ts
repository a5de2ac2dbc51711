import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { entryPath } from "../../lib/entries.ts";
import type { SqliteDatabase } from "./database.ts";

/** How often the log is looked at, in milliseconds. */
const LOOK_MS = 500;
/** A log below this many bytes is left alone: as SQLite does it by itself, 1,000 pages. */
const SMALL_BYTES = 4 * 1024 * 1024;
/** When the thread does not keep up (a slow disk, a reader that stays), the writer copies the log itself after so many pages: 64 MB. */
const BACKSTOP_PAGES = 16_384;

/**
 * Copies SQLite's write-ahead log into the database from a thread of its own. Left to SQLite, the commit that fills the log does so, and waits for the disk: the
 * supervisor's event loop then stands still for tens of milliseconds. The thread starts with the first log that is worth it.
 */
export class Checkpointer {
  private readonly db: SqliteDatabase;
  private readonly file: string;
  private readonly timer: NodeJS.Timeout;
  private worker: Worker | null = null;
  private isBusy = false;
  private seenAt = 0;

  constructor(db: SqliteDatabase, file: string) {
    this.db = db;
    this.file = file;
    db.pragma(`wal_autocheckpoint = ${BACKSTOP_PAGES}`);
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.timer.unref();
  }

  /** The thread ends after what it is at. */
  close(): void {
    clearInterval(this.timer);
    this.worker?.postMessage("end");
    this.worker = null;
  }

  private look(): void {
    const log = statSync(`${this.file}-wal`, { throwIfNoEntry: false });
    // The file keeps its size when the log starts anew; only its time tells whether something was written.
    if (this.isBusy || log === undefined || log.size < SMALL_BYTES || log.mtimeMs === this.seenAt) return;
    this.seenAt = log.mtimeMs;
    this.isBusy = true;
    this.worker ??= this.start();
    this.worker.postMessage({ file: this.file });
  }

  private start(): Worker {
    const worker = new Worker(entryPath("wal-checkpoint-worker"));
    worker.unref();
    worker.on("message", () => {
      this.isBusy = false;
    });
    // Without the thread SQLite does as usual, within the writer: slower, and nothing is lost.
    worker.on("error", () => {
      clearInterval(this.timer);
      if (this.db.open) this.db.pragma("wal_autocheckpoint = 1000");
    });
    return worker;
  }
}
