import { statSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { entryPath } from "../../lib/entries.ts";
import type { SqliteDatabase } from "./database.ts";

/** Interval of checks of the log's size, in milliseconds. */
const LOOK_MS = 500;
/** A smaller log is left alone, in bytes: 1,000 pages, SQLite's own limit. */
const SMALL_BYTES = 4 * 1024 * 1024;
/** If the thread does not keep up (slow disk, long-lived reader), the writer copies the log itself after this many pages (64 MB). */
const BACKSTOP_PAGES = 16_384;

/**
 * Copies SQLite's write-ahead log into the database in a thread. By default SQLite does this in the commit that fills the
 * log and waits for the disk, which blocks the supervisor's event loop for tens of milliseconds. The thread is started
 * when the log is first large enough.
 */
export class WalCheckpointer {
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

  /** The thread ends after its current task. */
  close(): void {
    clearInterval(this.timer);
    this.worker?.postMessage("end");
    this.worker = null;
  }

  private look(): void {
    const log = this.log();
    // A restarted log keeps its file size; only its modification time shows that something was written.
    if (this.isBusy || log === undefined || log.size < SMALL_BYTES || log.mtimeMs === this.seenAt) return;
    this.seenAt = log.mtimeMs;
    this.isBusy = true;
    this.worker ??= this.start();
    this.worker.postMessage({ file: this.file });
  }

  /** Size and time of the log; undefined if there is none or the disk does not respond. */
  private log(): { readonly size: number; readonly mtimeMs: number } | undefined {
    try {
      return statSync(`${this.file}-wal`, { throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  }

  private start(): Worker {
    const worker = new Worker(entryPath("wal-checkpoint-worker"));
    worker.unref();
    worker.on("message", () => {
      this.isBusy = false;
    });
    // Without the thread, SQLite copies the log in the writer as usual: slower, but nothing is lost.
    worker.on("error", () => {
      clearInterval(this.timer);
      if (this.db.open) this.db.pragma("wal_autocheckpoint = 1000");
    });
    return worker;
  }
}
