/** Opens a project with the supervisor that executes its runs in child processes of this one. */
import type { SupervisedProject } from "./supervise.ts";

/** @throws UserError as opening a project does */
export async function openSupervised(folder: string): Promise<SupervisedProject> {
  // Loaded only by commands that run something: looking at a project needs none of it.
  const [{ entryPath }, { projectOpener }, { nodeLauncher }] = await Promise.all([
    import("../../api/entries.ts"),
    import("../../api/project-opener.ts"),
    import("../../runs/child/launcher.ts"),
  ]);
  return projectOpener(nodeLauncher({ script: entryPath("run-worker") })).open(folder);
}
