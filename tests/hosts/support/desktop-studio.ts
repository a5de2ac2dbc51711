/** A studio of sessions without projects on disk, for tests of the desktop host alone. */

import type { StudioSession } from "../../../src-main/api/services/session.ts";
import type { DesktopStudio } from "../../../src-main/hosts/electron/electron-host.ts";
import { UserError } from "../../../src-main/lib/errors.ts";
import type { ProjectInfo } from "../../../src-shared/domain/records/projects.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { recordingLog, type TestSession, testSession } from "./host-support.ts";

export interface TestDesktopSession extends TestSession {
  running: string[];
  closed: number;
}

export interface TestDesktopStudio extends DesktopStudio {
  readonly sessions: TestDesktopSession[];
  readonly settings: Map<string, unknown>;
  /** Paths that windows may use. */
  readonly allowed: string[];
  closed: number;
}

function projectInfo(folder: string): ProjectInfo {
  return { id: folder, name: folder.split("/").at(-1) ?? "", folder, createdAt: "2026-01-01T00:00:00Z", runs: 0, bytes: 0, isSample: false };
}

export function run(id: string, status: RunSummary["status"], extra: Partial<RunSummary> = {}): RunSummary {
  return {
    id,
    name: `Run ${id}`,
    kind: "search",
    status,
    parentId: null,
    stage: null,
    datasetId: "digits",
    seed: 0,
    createdAt: "",
    startedAt: null,
    finishedAt: null,
    activeSeconds: 120,
    progress: null,
    failure: null,
    tags: [],
    notes: "",
    starred: false,
    archived: false,
    trashedAt: null,
    queuePosition: null,
    metrics: {},
    figures: {},
    backend: null,
    device: null,
    ...extra,
  };
}

export function desktopStudio(): TestDesktopStudio {
  const log = recordingLog();
  const settings = new Map<string, unknown>();
  const sessions: TestDesktopSession[] = [];
  const studio: TestDesktopStudio = {
    sessions,
    settings,
    allowed: [],
    closed: 0,
    allowPath: async (path) => void studio.allowed.push(path),
    setting: (key) => settings.get(key),
    setSetting: (key, value) => void settings.set(key, JSON.parse(JSON.stringify(value))),
    recentProjects: async () => [{ folder: "/projects/a", name: "A" }],
    forgetAllRecent: async () => undefined,
    close: async () => {
      studio.closed++;
    },
    createSession: (host): StudioSession => {
      const base = testSession(
        {
          "system.info": () => ({ host: host.kind }) as never,
          "system.openExternal": ({ url }) => host.openExternal(url).then(() => null),
          "system.choose": async (request) => host.choose(request).then((path) => (path === null ? null : { path })),
          "system.reveal": async ({ path }) => ({ revealed: await host.reveal(path) }),
        },
        log,
      );
      let project: ProjectInfo | null = null;
      const session: TestDesktopSession = {
        ...base,
        id: `session-${sessions.length}`,
        running: [],
        closed: 0,
        get project() {
          return project;
        },
        runningRuns: () => session.running,
        open: async (folder) => {
          if (folder.includes("broken")) throw new UserError("This is no project.", { code: "project-invalid", remedy: "Choose another folder." });
          project = projectInfo(folder);
          base.emit({ name: "project.changed", payload: project });
          return project;
        },
        close: async () => {
          session.closed++;
          session.running = [];
        },
      };
      sessions.push(session);
      return session;
    },
  };
  return studio;
}
