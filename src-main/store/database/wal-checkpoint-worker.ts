/** Entry of the thread that copies the write-ahead log into the database. Each message holds the path of the database; "end" ends the thread. */
import { parentPort } from "node:worker_threads";
import Database from "better-sqlite3";

parentPort?.on("message", (message: { readonly file: string } | "end") => {
  if (message === "end") {
    parentPort?.close();
    return;
  }
  // A new connection each time: an open one would prevent the log from being removed when the project is closed.
  const db = new Database(message.file, { timeout: 0, fileMustExist: true });
  try {
    // Passive never blocks a writer. The next commit can restart the log only if all of it was copied.
    db.pragma("wal_checkpoint(PASSIVE)");
    parentPort?.postMessage("done");
  } finally {
    db.close();
  }
});
