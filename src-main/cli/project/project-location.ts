import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { createProject, projectOwner, viewProject } from "../../store/project/project.ts";
import type { Io } from "../output/io.ts";
import { quotePath } from "../output/quote-path.ts";
import { DEFAULT_PROJECT, findProject } from "./project.ts";

/** A project folder, and whether it has yet to be created. */
export interface Place {
  readonly folder: string;
  readonly isNew: boolean;
}

/** Project of a new run: the one that is named or found, or a new one. */
export function placeFor(named: string | undefined): Place {
  const wanted = named === undefined || named === "" ? null : resolve(named);
  if (wanted !== null && !existsSync(wanted)) return { folder: wanted, isNew: true };
  const found = findProject(named);
  if (found === null) return { folder: resolve(DEFAULT_PROJECT), isNew: true };
  viewProject(found).close();
  return { folder: found, isNew: false };
}

/** Creates the project. */
function makeProject(io: Io, folder: string, name: string): void {
  createProject(folder, name.slice(0, 200)).close();
  io.note(`Created project ${quotePath(folder)}.`);
}

/**
 * Does something in a project, which is created first if it is new. If that fails before the project has a run, the project is removed again.
 * @param name of a new project
 */
export async function inProject<Result>(io: Io, { folder, isNew }: Place, work: () => Promise<Result>, name = basename(folder)): Promise<Result> {
  if (!isNew) return work();
  const existed = existsSync(folder);
  makeProject(io, folder, name);
  try {
    return await work();
  } catch (error) {
    // Another process may have opened the project meanwhile.
    if (projectOwner(folder) !== null || hasRuns(folder)) throw error;
    for (const entry of readdirSync(folder)) rmSync(join(folder, entry), { recursive: true });
    if (!existed) rmdirSync(folder);
    throw error;
  }
}

/** True also if it cannot be determined: then nothing is removed. */
function hasRuns(folder: string): boolean {
  try {
    const view = viewProject(folder);
    try {
      return view.store.runs.newest() !== null;
    } finally {
      view.close();
    }
  } catch {
    return true;
  }
}
