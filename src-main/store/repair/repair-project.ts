/** Repairs the database of a project: on a copy, with the original kept. */
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { flushFileSync, flushFolderSync } from "../../lib/flush.ts";
import { commitRepaired, finishSwap } from "../database/swap.ts";
import { DATABASE_NAME, lockedProject } from "../project/project.ts";
import { rebuildDatabase } from "./rebuild.ts";
import type { RepairReport } from "./report.ts";

export interface RepairOptions {
  /** Only report; change nothing. */
  readonly checkOnly: boolean;
  readonly say: (text: string) => void;
}

export interface RepairResult {
  readonly report: RepairReport;
  /** The damaged database; null when nothing was changed. */
  readonly backup: string | null;
}

/**
 * Copies the database, recovers what can be read from the copy into a new file, and puts that in place. A crash at any moment leaves the damaged database or the repaired one.
 * @throws UserError `project-locked` while the project is open, `project-damaged` when nothing can be read
 */
export function repairProject(folder: string, { checkOnly, say }: RepairOptions): RepairResult {
  const path = resolve(folder);
  return lockedProject(path, () => {
    const database = join(path, DATABASE_NAME);
    finishSwap(database);
    if (!existsSync(database))
      throw new UserError(`The project database ${database} is missing.`, { code: "project-damaged", remedy: "Restore it from a backup.", file: database });
    const work = join(path, WORK);
    // Of a repair that was killed.
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work);
    try {
      say("Copying the database.");
      const copy = join(work, DATABASE_NAME);
      copyDatabase(database, copy);
      const fresh = join(work, "repaired.sqlite");
      say("Recovering what can be read.");
      const report = rebuildDatabase(copy, fresh);
      if (report.isClean || checkOnly) return { report, backup: null };
      const backup = freeName(`${database}.damaged`);
      say(`Keeping the damaged database as ${basename(backup)}.`);
      copyDatabase(database, backup);
      flushFolderSync(path);
      say("Putting the repaired database in place.");
      commitRepaired(fresh, database);
      return { report, backup };
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

const WORK = ".repair";

/** With the write-ahead log, which holds the newest changes. */
function copyDatabase(from: string, to: string): void {
  for (const suffix of ["", "-wal"]) {
    if (!existsSync(from + suffix)) continue;
    copyFileSync(from + suffix, to + suffix);
    flushFileSync(to + suffix);
  }
}

function freeName(path: string): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path}-${number}`;
    if (!existsSync(name) && !existsSync(`${name}-wal`)) return name;
  }
}
