/** Opens a project with a supervisor that executes its runs in child processes. */
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
  /** Sets how many runs may be executed in parallel. */
  setConcurrency(count: number): void;
  /** Stops active runs, waits up to `graceMs` milliseconds for their checkpoints and closes the project. */
  close(graceMs: number): Promise<void>;
}

/** @throws UserError as opening a project does */
export async function openSupervised(folder: string): Promise<SupervisedProject> {
  // Loaded on demand: commands that only read a project do not need it.
  const [{ entryPath }, { projectOpener }, { nodeLauncher }] = await Promise.all([
    import("../../lib/entries.ts"),
    import("../../api/project-opener.ts"),
    import("../../runs/child/launcher.ts"),
  ]);
  return projectOpener(nodeLauncher({ script: entryPath("run-worker") })).open(folder);
}
