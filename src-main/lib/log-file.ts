/** The studio's own log: a file in the user's folder, rotated when it grows. */
import { appendFileSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "./logger.ts";
import { makeFolder } from "./make-folder.ts";

const MAX_BYTES = 4 * 2 ** 20;
const MAX_LINE = 8000;

/** A logger that appends to a file and keeps the previous one as `<file>.1`. If the log cannot be written, nothing fails. */
export function fileLogger(file: string): Logger {
  let bytes = 0;
  try {
    makeFolder(dirname(file));
    bytes = statSync(file).size;
  } catch {
    bytes = 0;
  }
  const write = (level: string, message: string, detail?: string): void => {
    // One line per entry, so that a message cannot imitate another entry.
    const text = `${new Date().toISOString()} ${level} ${[message, detail].filter((part) => part !== undefined && part !== "").join(" | ")}`
      .replaceAll(/[\r\n]+/g, " ⏎ ")
      .slice(0, MAX_LINE);
    try {
      if (bytes > MAX_BYTES) {
        renameSync(file, `${file}.1`);
        bytes = 0;
      }
      appendFileSync(file, `${text}\n`, { mode: 0o600 });
      bytes += Buffer.byteLength(text) + 1;
    } catch {
      // The disk is full or read-only: continue without a log.
    }
  };
  return {
    info: (message, detail) => write("info", message, detail),
    warning: (message, detail) => write("warning", message, detail),
    error: (message, detail) => write("error", message, detail),
  };
}
