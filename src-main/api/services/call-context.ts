/** The context of a call that every handler receives with its argument. */
import { UserError } from "../../lib/errors.ts";
import type { ProjectServices } from "./project-services.ts";
import type { HostServices } from "./session.ts";
import type { StudioServices } from "./studio-services.ts";

export interface CallContext {
  readonly studio: StudioServices;
  readonly host: HostServices;
  /** The project of the calling session. */
  readonly project: ProjectServices | null;
  /** The calling session, for opening and closing projects. */
  readonly session: SessionProjects;
}

/** Opens and closes projects in one session. */
export interface SessionProjects {
  open(folder: string): Promise<ProjectServices>;
  create(folder: string, name: string): Promise<ProjectServices>;
  openSample(): Promise<ProjectServices>;
  closeProject(): Promise<void>;
}

/** The project of the caller. @throws UserError `no-project` */
export function projectOf({ project }: CallContext): ProjectServices {
  if (project === null) throw new UserError("No project is open in this window.", { code: "no-project", remedy: "Open or create a project first." });
  return project;
}
