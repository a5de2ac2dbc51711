/** Projects: recent ones, opening, creating, closing. */
import { basename, dirname, resolve } from "node:path";
import type { RecentProject } from "../../../src-shared/domain/records/projects.ts";
import { UserError } from "../../lib/errors.ts";
import { hasProjectFile } from "../access/allowed-folders.ts";
import type { HandlersOf } from "../gate/dispatch.ts";
import { type CallContext, projectOf } from "../services/call-context.ts";

/** Time limit for a folder to answer, in ms: an unreachable network drive must not block the welcome page. */
const LOOK_MS = 1500;

export const projectHandlers: HandlersOf<
  CallContext,
  "project.recent" | "project.forget" | "project.create" | "project.open" | "project.openSample" | "project.current" | "project.close" | "project.rename"
> = {
  "project.recent": (_input, { studio }) =>
    Promise.all(
      studio.settings.recent.map(async ({ folder, name, openedAt }): Promise<RecentProject> => {
        const unknown = { folder, name: name === "" ? basename(folder) : name, openedAt, exists: false, runs: null };
        const look = async (): Promise<RecentProject> => {
          if (!(await hasProjectFile(folder))) return unknown;
          const found = await studio.opener.peek(folder);
          return { ...unknown, exists: true, name: found?.name ?? unknown.name, runs: found?.runs ?? null };
        };
        return within(
          LOOK_MS,
          look().catch(() => unknown),
          unknown,
        );
      }),
    ),
  "project.forget": ({ folder }, { studio }) => {
    studio.settings.forget(folder);
    return null;
  },
  "project.create": async ({ folder, name }, { session }) => {
    const outer = await projectAround(folder);
    if (outer !== null)
      throw new UserError(`${folder} is inside the project ${outer}.`, {
        code: "project-folder",
        file: folder,
        remedy: "A project cannot contain another one: choose a folder outside of it.",
      });
    return (await session.create(folder, name)).info();
  },
  "project.open": async ({ folder }, { session }) => (await session.open(folder)).info(),
  "project.openSample": async (_input, { session }) => (await session.openSample()).info(),
  "project.current": (_input, { project }) => project?.info() ?? null,
  "project.close": async (_input, { session }) => {
    await session.closeProject();
    return null;
  },
  "project.rename": async ({ name }, context) => {
    const project = projectOf(context);
    await project.rename(name);
    const info = project.info();
    if (!info.isSample) context.studio.settings.remember(project.folder, name);
    context.studio.projectChanged(project);
    return info;
  },
};

function within<Value>(ms: number, value: Promise<Value>, late: Value): Promise<Value> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(late), ms);
    void value.then((result) => {
      clearTimeout(timer);
      resolve(result);
    });
  });
}

/** The project that a folder is inside of; null if it is in none. */
async function projectAround(folder: string): Promise<string | null> {
  for (let outer = dirname(resolve(folder)); ; outer = dirname(outer)) {
    if (await hasProjectFile(outer)) return outer;
    if (outer === dirname(outer)) return null;
  }
}
