/** Finds the project and the run that a command refers to. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { nearestWord } from "../../../src-shared/domain/config/config-fields.ts";
import { ACTIVE_STATUSES, type RunStatus, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import { runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";
import { UserError } from "../../lib/errors.ts";
import { REPAIR_REMEDY } from "../../store/database/damage.ts";
import { isProjectFolder, type ProjectView, projectOwner, viewProject } from "../../store/project/project.ts";
import type { StoreReader } from "../../store/store.ts";
import type { Io } from "../output/io.ts";

/** Folder that `run` creates if there is no project yet. */
export const DEFAULT_PROJECT = "ghn-project";

/**
 * The project folder: the one named, otherwise the nearest one at or above the working folder, otherwise `./ghn-project`.
 * Null if none of these is a project.
 * @throws UserError `project-missing` if the folder named does not exist
 */
export function findProject(named: string | undefined, from = process.cwd()): string | null {
  if (named !== undefined && named !== "") {
    const folder = resolve(from, named);
    if (!existsSync(folder))
      throw new UserError(`There is no folder ${folder}.`, {
        code: "project-missing",
        file: folder,
        remedy: `Check the path, or create a project there: ghn-studio init ${named}`,
      });
    // Other problems of a project named explicitly are reported when it is opened.
    return folder;
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    // Other programs use project.json too, but not with this database next to it.
    if (existsSync(join(folder, "project.json")) && existsSync(join(folder, "runs.sqlite"))) return folder;
    if (dirname(folder) === folder) break;
  }
  const standard = resolve(from, DEFAULT_PROJECT);
  return existsSync(standard) && statSync(standard).isDirectory() && isProjectFolder(standard) ? standard : null;
}

/** As {@link findProject}, but throws if there is no project. */
export function requireProject(named: string | undefined): string {
  const folder = findProject(named);
  if (folder !== null) return folder;
  throw new UserError("No project found here.", {
    code: "project-missing",
    remedy: "Change to a project folder, or name one with --project. Create one with ghn-studio init <folder>, or with results: ghn-studio demo.",
  });
}

/** Opens a project for reading, also while another process uses it, and closes it after `work`. Damaged records are reported at the end. */
export async function withView<Result>(io: Io, named: string | undefined, work: (view: ProjectView) => Result | Promise<Result>): Promise<Result> {
  const view = viewProject(requireProject(named));
  try {
    return await work(view);
  } finally {
    tellDamage(io, view.store);
    view.close();
  }
}

/** Says which records could not be read, so that nothing is left out silently. */
function tellDamage(io: Io, { damage }: StoreReader): void {
  if (damage.count === 0) return;
  for (const sentence of damage.sentences) io.note(`${io.noteStyle("yellow", "Warning:")} ${sentence}`);
  io.note(`${io.noteStyle("bold", "What to do:")} ${REPAIR_REMEDY}`);
}

/** The current status of a run: if no process holds the project, nothing is running. */
function statusNow(run: RunSummary, owner: number | null): RunStatus {
  return owner === null && run.status !== "queued" && ACTIVE_STATUSES.includes(run.status) ? "interrupted" : run.status;
}

/** Maps runs to their current status, as seen from another process. */
export function seenFromOutside(folder: string): (run: RunSummary) => RunSummary {
  const owner = projectOwner(folder);
  return (run) => ({ ...run, status: statusNow(run, owner) });
}

/**
 * Resolves a run: its id, the start of its id, its name, or "last" for the newest run that is not a stage.
 * @throws UserError `run-missing` with a suggestion, or `run-ambiguous`
 */
export function findRun(store: StoreReader, reference: string): RunSummary {
  const exact = /^[A-Za-z0-9_-]{1,64}$/.test(reference) ? store.runs.get(reference) : null;
  if (exact !== null) return exact;
  if (reference === "last" || reference === "latest") {
    const newest = store.runs.newest();
    if (newest !== null) return newest;
    throw new UserError("This project has no runs yet.", { code: "run-missing", remedy: "Start one: ghn-studio run demo" });
  }
  const everything = (["active", "archived"] as const).flatMap((view) => store.runs.query(runQuerySchema.parse({ view, limit: 10_000 })).rows);
  const byPrefix = everything.filter((run) => run.id.startsWith(reference));
  const named = everything.filter((run) => run.name === reference);
  const found = named.length > 0 ? named : byPrefix;
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (found.length > 1)
    throw new UserError(
      `"${reference}" matches ${found.length} runs: ${found
        .slice(0, 5)
        .map((run) => `${run.id} (${run.name})`)
        .join(", ")}${found.length > 5 ? " …" : ""}.`,
      {
        code: "run-ambiguous",
        remedy: "Use the full id.",
      },
    );
  const near = nearestWord(reference, [...new Set(everything.flatMap((run) => [run.id, run.name]))]);
  throw new UserError(`There is no run "${reference}" in this project.${near === undefined ? "" : ` Did you mean "${near}"?`}`, {
    code: "run-missing",
    remedy: "List the runs: ghn-studio runs. The newest one is last.",
  });
}
