/** Which project a command is about, and which run. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { nearestWord } from "../../../src-shared/domain/config/config-fields.ts";
import { ACTIVE_STATUSES, type RunStatus, type RunSummary } from "../../../src-shared/domain/records/run.ts";
import { runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";
import { UserError } from "../../lib/errors.ts";
import { isProjectFolder, type ProjectView, projectOwner, viewProject } from "../../store/project/project.ts";
import type { StoreReader } from "../../store/store.ts";

/** Folder that `run` makes when there is no project yet. */
export const DEFAULT_PROJECT = "ghn-project";

/**
 * The project folder: the one named, else the nearest one around the working folder, else `./ghn-project`.
 * Null when none of these is a project.
 * @throws UserError `project-missing` when one is named that is none
 */
export function findProject(named: string | undefined, from = process.cwd()): string | null {
  if (named !== undefined && named !== "") {
    const folder = resolve(from, named);
    if (!existsSync(folder))
      throw new UserError(`There is no folder ${folder}.`, {
        code: "project-missing",
        file: folder,
        remedy: `Check the path, or make a project there: ghn-studio init ${named}`,
      });
    // Anything wrong with a project that was named on purpose is said by the one who opens it.
    return folder;
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    // Other programs have a project.json too, but no such database beside it.
    if (existsSync(join(folder, "project.json")) && existsSync(join(folder, "runs.sqlite"))) return folder;
    if (dirname(folder) === folder) break;
  }
  const usual = resolve(from, DEFAULT_PROJECT);
  return existsSync(usual) && statSync(usual).isDirectory() && isProjectFolder(usual) ? usual : null;
}

/** As {@link findProject}, but there must be one. */
export function requireProject(named: string | undefined): string {
  const folder = findProject(named);
  if (folder !== null) return folder;
  throw new UserError("There is no project here.", {
    code: "project-missing",
    remedy: "Go to a project folder or name one with --project; ghn-studio init <folder> makes a new one, ghn-studio demo fills one.",
  });
}

/** Looks at a project, does something, lets go of it. Works while another process runs something in it. */
export async function withView<Result>(named: string | undefined, work: (view: ProjectView) => Result | Promise<Result>): Promise<Result> {
  const view = viewProject(requireProject(named));
  try {
    return await work(view);
  } finally {
    view.close();
  }
}

/** What a run counts as now: where nobody leads it, nothing is running any more. */
export function statusNow(run: RunSummary, owner: number | null): RunStatus {
  return owner === null && run.status !== "queued" && ACTIVE_STATUSES.includes(run.status) ? "interrupted" : run.status;
}

/** Runs as they are now, seen from outside. */
export function seenFromOutside(folder: string): (run: RunSummary) => RunSummary {
  const owner = projectOwner(folder);
  return (run) => ({ ...run, status: statusNow(run, owner) });
}

/**
 * The run that a person means: its id, the beginning of it, its name, or "last" for the newest that is no stage.
 * @throws UserError `run-missing` with the nearest name, or `run-ambiguous`
 */
export function findRun(store: StoreReader, reference: string): RunSummary {
  const exact = /^[A-Za-z0-9_-]{1,64}$/.test(reference) ? store.runs.get(reference) : null;
  if (exact !== null) return exact;
  const everything = (["active", "archived"] as const).flatMap((view) => store.runs.query(runQuerySchema.parse({ view, limit: 10_000 })).rows);
  if (reference === "last" || reference === "latest") {
    const newest = everything.filter((run) => run.parentId === null).sort((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
    if (newest !== undefined) return newest;
    throw new UserError("This project has no runs yet.", { code: "run-missing", remedy: "Start one: ghn-studio run demo" });
  }
  const beginning = everything.filter((run) => run.id.startsWith(reference));
  const named = everything.filter((run) => run.name === reference);
  const found = named.length > 0 ? named : beginning;
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (found.length > 1)
    throw new UserError(
      `"${reference}" may mean ${found.length} runs: ${found
        .slice(0, 5)
        .map((run) => `${run.id} (${run.name})`)
        .join(", ")}${found.length > 5 ? " …" : ""}.`,
      {
        code: "run-ambiguous",
        remedy: "Give the whole id.",
      },
    );
  const near = nearestWord(reference, [...new Set(everything.flatMap((run) => [run.id, run.name]))]);
  throw new UserError(`There is no run "${reference}" in this project.${near === undefined ? "" : ` Did you mean "${near}"?`}`, {
    code: "run-missing",
    remedy: "ghn-studio runs lists them; last means the newest.",
  });
}
