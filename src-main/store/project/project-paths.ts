/** Paths inside a project folder. A project may come from an untrusted source, so nothing in its folder may be a link. */
import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { runIdSchema } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { systemErrorCode } from "../../lib/files.ts";

const ARTIFACTS = "artifacts";

/**
 * The folder for the files of a run. It need not exist.
 * @throws UserError `run-id` if the id is invalid; `path-outside` if the folder is a link or is below one
 */
export function runFolder(project: string, runId: string): string {
  // Ids come from windows and databases.
  if (!runIdSchema.safeParse(runId).success)
    throw new UserError(`${JSON.stringify(runId)} is not the id of a run.`, {
      code: "run-id",
      remedy: "The project may have been tampered with; open a copy that you trust.",
    });
  return withoutLinks(project, join(ARTIFACTS, runId));
}

/**
 * Absolute path of an artifact. It need not exist.
 * @param path as recorded, relative to the project folder
 * @throws UserError `path-outside` if it is not below `artifacts`, is a link or is below one
 */
export function artifactFile(project: string, path: string): string {
  if (!resolve(project, path).startsWith(join(resolve(project), ARTIFACTS) + sep)) throw outside(path, "is outside of the project");
  return withoutLinks(project, path);
}

/**
 * Checks the standard files and folders of a project before any of them is used.
 * @throws UserError `path-outside` when one of them is a link, `project-foreign` when it is a pipe, socket or device: reading those would wait forever
 */
export function refuseLinkedFiles(project: string, names: readonly string[]): void {
  for (const name of [...names, ARTIFACTS]) {
    const target = linkTarget(join(project, name));
    if (target !== null) throw outside(name, `is a link to ${target}`);
    const info = lstatSync(join(project, name), { throwIfNoEntry: false });
    if (info === undefined || info.isFile() || info.isDirectory()) continue;
    throw new UserError(`In the project folder, ${name} is a pipe, socket or device.`, {
      code: "project-foreign",
      remedy: "Remove it, or restore the project from a backup. If you do not know where the project comes from, do not open it.",
      file: join(project, name),
    });
  }
}

/** @throws UserError `path-outside` */
function withoutLinks(project: string, path: string): string {
  const wanted = resolve(project, path);
  const inside = relative(resolve(project), wanted);
  if (realPath(wanted) !== join(realpathSync(project), inside)) throw outside(inside, "goes through a link");
  return wanted;
}

/** The path with all links resolved, where its end need not exist; null for a link to nowhere or a loop. */
function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ELOOP") return null;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
  }
  if (linkTarget(path) !== null || dirname(path) === path) return null;
  const parent = realPath(dirname(path));
  return parent === null ? null : join(parent, relative(dirname(path), path));
}

function linkTarget(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : null;
}

function outside(path: string, why: string): UserError {
  return new UserError(`In the project folder, ${path} ${why}. GHN Studio uses only real files and folders of a project.`, {
    code: "path-outside",
    remedy: "Replace the link with the files that it points to. If you do not know where the project comes from, do not open it.",
    file: path,
  });
}
