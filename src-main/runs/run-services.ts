import type { ProjectInfo } from "../../src-shared/domain/records/projects.ts";
import type { RunEventMap } from "../../src-shared/domain/records/run-events.ts";
import { dataFoldersOf } from "../config/folders.ts";
import { packageVersion } from "../config/version.ts";
import { isStoreError, storeUserError } from "../store/database/store-error.ts";
import { openProject, type Project } from "../store/project/project.ts";
import type { SettingsWriter } from "../store/records/settings.ts";
import type { StoreReader } from "../store/store.ts";
import type { ChildLauncher } from "./child/launcher.ts";
import { findGpus } from "./devices/find-gpus.ts";
import type { RunEditor } from "./supervisor/run-editor.ts";
import { RunSupervisor, type SupervisorOptions } from "./supervisor/supervisor.ts";

/** An event about runs, with its name, as hosts forward it. */
export type RunEvent = { readonly [Name in keyof RunEventMap]: { readonly name: Name; readonly payload: RunEventMap[Name] } }[keyof RunEventMap];

/** An open project with the supervisor that executes its runs. */
export interface RunServices {
  readonly folder: string;
  info(): ProjectInfo;
  readonly store: StoreReader & { readonly settings: SettingsWriter };
  readonly commands: Pick<RunSupervisor, "detail" | "create" | "stop" | "kill" | "resume" | "retry" | "reorderQueue"> &
    Pick<RunEditor, "update" | "archive" | "trash" | "restore"> & { purge(runIds: readonly string[]): Promise<number> };
  /** Names of the runs that are running. */
  running(): readonly string[];
  /** Sets how many runs may run at the same time. */
  setConcurrency(count: number): void;
  /** Adds a listener for all events of all runs, live data included. @returns a function that removes it */
  onEvent(listener: (event: RunEvent) => void): () => void;
  rename(name: string): Promise<void>;
  /** Stops all runs with a checkpoint, kills those that do not stop within `graceMs`, and releases the folder. */
  close(graceMs: number): Promise<void>;
}

export interface OpenOptions extends Partial<Omit<SupervisorOptions, "project" | "launcher">> {
  readonly launcher: ChildLauncher;
}

const EVENTS = ["run.changed", "run.removed", "run.live", "run.rewound", "artifact.added"] as const satisfies readonly (keyof RunEventMap)[];

/**
 * Opens a project and starts its supervisor: runs left by a dead supervisor become `interrupted`, and queued runs start.
 * @throws UserError as {@link openProject}
 */
export async function openProjectServices(folder: string, options: OpenOptions): Promise<RunServices> {
  const project = openProject(folder);
  try {
    const gpus = options.gpus ?? (await findGpus());
    const supervisor = new RunSupervisor({ version: packageVersion(), dataFolders: dataFoldersOf(project.folder), ...options, gpus, project });
    supervisor.start();
    return servicesOf(project, supervisor);
  } catch (error) {
    project.close();
    throw error;
  }
}

function servicesOf(project: Project, supervisor: RunSupervisor): RunServices {
  const { editor } = supervisor;
  let listeners = 0;
  let closed: Promise<void> | null = null;
  return {
    folder: project.folder,
    info: () => project.info(),
    store: project.store,
    commands: inWords({
      detail: (runId) => supervisor.detail(runId),
      create: (name, config, tags) => supervisor.create(name, config, tags),
      stop: (runId) => supervisor.stop(runId),
      kill: (runId) => supervisor.kill(runId),
      resume: (runId) => supervisor.resume(runId),
      retry: (runId) => supervisor.retry(runId),
      reorderQueue: (runIds) => supervisor.reorderQueue(runIds),
      update: (runId, edit) => editor.update(runId, edit),
      archive: (runIds, archived) => editor.archive(runIds, archived),
      trash: (runIds) => editor.trash(runIds),
      restore: (runIds) => editor.restore(runIds),
      purge: async (runIds) => editor.purge(runIds).bytes,
    }),
    running: () => supervisor.running().map((run) => run.name),
    setConcurrency: (count) => supervisor.setConcurrency(count),
    onEvent(listener) {
      // Live data is collected only while there is a listener.
      const subscriber = `listener ${listeners++}`;
      supervisor.live.subscribe(subscriber, "all");
      const off = EVENTS.map((name) => supervisor.events.on(name, (payload) => listener({ name, payload } as RunEvent)));
      return () => {
        supervisor.live.subscribe(subscriber, []);
        for (const stop of off) stop();
      };
    },
    async rename(name) {
      project.rename(name);
    },
    close(graceMs) {
      closed ??= supervisor.close(graceMs).finally(() => project.close());
      return closed;
    },
  };
}

/** The same commands, with database errors turned into messages for the user. */
function inWords(commands: RunServices["commands"]): RunServices["commands"] {
  const rethrow = (error: unknown): never => {
    throw isStoreError(error) ? storeUserError(error) : error;
  };
  const wrapped = Object.entries(commands).map(([name, command]: [string, (...input: never[]) => unknown]) => [
    name,
    (...input: never[]): unknown => {
      try {
        const result = command(...input);
        return result instanceof Promise ? result.catch(rethrow) : result;
      } catch (error) {
        return rethrow(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as RunServices["commands"];
}
