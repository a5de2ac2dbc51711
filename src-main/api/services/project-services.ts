/** An open project as handlers use it. Implemented by `runs/run-services.ts`. */

import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { ProjectInfo } from "../../../src-shared/domain/records/projects.ts";
import type { RunDetail, RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { SettingsWriter } from "../../store/records/settings.ts";
import type { StoreReader } from "../../store/store.ts";
import type { StudioEvent } from "./session.ts";

/** Commands on runs. Each change is reported as `run.changed` or `run.removed`. */
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
  /** Permanently deletes runs with their files. @returns the number of bytes freed */
  purge(runIds: readonly string[]): Promise<number>;
  reorderQueue(runIds: readonly string[]): void;
}

export interface ProjectServices {
  readonly folder: string;
  info(): ProjectInfo;
  readonly store: StoreReader & { readonly settings: SettingsWriter };
  readonly commands: RunCommands;
  /** Names of the runs that are running. */
  running(): readonly string[];
  /** Sets how many runs may run at the same time. */
  setConcurrency(count: number): void;
  onEvent(listener: (event: StudioEvent) => void): () => void;
  rename(name: string): Promise<void>;
  /** Stops all runs with a checkpoint, kills those that do not stop in time, and releases the folder. */
  close(graceMs: number): Promise<void>;
}

/** Opens and creates projects. */
export interface ProjectOpener {
  /** @throws UserError when the folder is not a project, is damaged, too new, or open in another process */
  open(folder: string): Promise<ProjectServices>;
  /** @throws UserError when the folder is not empty or cannot be written */
  create(folder: string, name: string, sample?: boolean): Promise<ProjectServices>;
  /** Name and number of runs of a project, without opening it for writing; null when it cannot be read. */
  peek(folder: string): Promise<{ readonly name: string; readonly runs: number } | null>;
}
