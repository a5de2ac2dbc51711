import { readFileSync } from "node:fs";
import type { Project } from "../../store/project/project.ts";
import { LOST } from "../outcomes/run-outcome.ts";

/** Environment variable that identifies the process of a run worker. */
export const RUN_VARIABLE = "GHN_STUDIO_RUN";

/**
 * Cleans up after a supervisor that died: running runs become `interrupted`, their processes are killed if they
 * are still alive, and queued stages of a pipeline are removed from the queue.
 * @returns the ids of the runs that changed
 */
export function recoverRuns(project: Project): string[] {
  const { store } = project;
  const lost = store.runs.withStatus("running", "stopping");
  const waitingStages = store.runs.queued().filter((run) => run.parentId !== null);
  for (const run of lost) killOrphan(run.id, store.runs.record(run.id)?.processId ?? null);
  const now = new Date().toISOString();
  store.transaction(() => {
    for (const run of [...lost, ...waitingStages]) store.runs.update(run.id, { ...LOST, finishedAt: now, queuePosition: null, processId: null });
  });
  return [...lost, ...waitingStages].map((run) => run.id);
}

/**
 * A worker exits by itself if its supervisor vanishes, but only after its current step, which may be long. It is killed
 * only when it is certainly ours: its environment names the run (known on Linux only).
 */
function killOrphan(runId: string, pid: number | null): void {
  if (pid === null) return;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    if (environment.includes(`${RUN_VARIABLE}=${runId}`)) process.kill(pid, "SIGKILL");
  } catch {
    // The process is gone, belongs to another user, or the system does not provide this information.
  }
}
