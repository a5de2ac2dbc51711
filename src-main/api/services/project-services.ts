/** An open project as the handlers of the api use it; `runs/` offers it, tests too. */

import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { ProjectInfo } from "../../../src-shared/domain/records/projects.ts";
import type { RunDetail, RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { SettingsWriter } from "../../store/records/settings.ts";
import type { StoreReader } from "../../store/store.ts";
import type { StudioEvent } from "./session.ts";

/** What can be done to runs. Everything that changes a run tells it as `run.changed` or `run.removed`. */
export interface RunCommands {
  detail(runId: string): RunDetail;
  create(name: string, config: RunConfig, tags: readonly string[]): RunDetail;
  stop(runId: string): void;
  kill(runId: string): void;
  resume(runId: string): void;
  retry(runId: string): RunDetail;
  update(runId: string, change: { readonly name?: string; readonly notes?: string; readonly starred?: boolean; readonly tags?: string[] }): RunSummary;
  archive(runIds: readonly string[], archived: boolean): void;
  trash(runIds: readonly string[]): void;
  restore(runIds: readonly string[]): void;
  /** Deletes for good, with artifacts; answers the bytes set free. */
  purge(runIds: readonly string[]): Promise<number>;
  reorderQueue(runIds: readonly string[]): void;
}

export interface ProjectServices {
  readonly folder: string;
  info(): ProjectInfo;
  readonly store: StoreReader & { readonly settings: SettingsWriter };
  readonly commands: RunCommands;
  /** Names of runs that have a process now. */
  running(): readonly string[];
  /** How many runs may be at work at the same time. */
  setConcurrency(count: number): void;
  onEvent(listener: (event: StudioEvent) => void): () => void;
  rename(name: string): Promise<void>;
  /** Stops what runs with checkpoints, kills what does not stop in time, and lets go of the folder. */
  close(graceMs: number): Promise<void>;
}

/** Opens and makes projects. */
export interface ProjectOpener {
  /** @throws UserError when it is no project, damaged, newer, or open in another process */
  open(folder: string): Promise<ProjectServices>;
  /** @throws UserError when the folder is not empty or cannot be written */
  create(folder: string, name: string, sample?: boolean): Promise<ProjectServices>;
  /** Counts of a project without opening it for writing; null when it cannot be read. */
  peek(folder: string): Promise<{ readonly name: string; readonly runs: number } | null>;
}
