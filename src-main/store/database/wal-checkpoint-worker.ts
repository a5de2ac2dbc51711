/** Entry of the thread that copies the write-ahead log into the database. Asked with the database's path; "end" lets it go after what it is at. */
import { parentPort } from "node:worker_threads";
import Database from "better-sqlite3";

parentPort?.on("message", (message: { readonly file: string } | "end") => {
  if (message === "end") {
    parentPort?.close();
    return;
  }
  // A connection for each round: one that stays open would keep the log from being cleared when the project closes.
  const db = new Database(message.file, { timeout: 0, fileMustExist: true });
  try {
    // The next commit can start the log anew only when all of it was copied; passive never keeps a writer waiting.
    db.pragma("wal_checkpoint(PASSIVE)");
    parentPort?.postMessage("done");
  } finally {
    db.close();
  }
});
