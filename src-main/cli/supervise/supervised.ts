/** Opens a project with the supervisor that executes its runs in child processes of this one. */
import type { RunConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { RunDetail } from "../../../src-shared/domain/records/run.ts";
import type { StoreReader } from "../../store/store.ts";

/** A project whose runs this process executes. */
export interface SupervisedProject {
  readonly folder: string;
  readonly store: StoreReader;
  readonly commands: {
    create(name: string, config: RunConfig, tags: readonly string[]): RunDetail;
    stop(runId: string): void;
    kill(runId: string): void;
    resume(runId: string): void;
  };
  /** How many runs may be at work at the same time. */
  setConcurrency(count: number): void;
  /** Stops what runs, waits so long for checkpoints, lets go of the project. */
  close(graceMs: number): Promise<void>;
}

/** @throws UserError as opening a project does */
export async function openSupervised(folder: string): Promise<SupervisedProject> {
  // Loaded only by commands that run something: looking at a project needs none of it.
  const [{ entryPath }, { projectOpener }, { nodeLauncher }] = await Promise.all([
    import("../../lib/entries.ts"),
    import("../../api/project-opener.ts"),
    import("../../runs/child/launcher.ts"),
  ]);
  return projectOpener(nodeLauncher({ script: entryPath("run-worker") })).open(folder);
}
