import { readFileSync } from "node:fs";
import type { Project } from "../../store/project/project.ts";

/** Variable by which a run worker's process can be recognised. */
export const RUN_VARIABLE = "GHN_STUDIO_RUN";

/**
 * Puts right what a supervisor that died left behind: its runs at work become `interrupted`, their processes are ended
 * should they still live, and stages that waited for a pipeline no longer wait. Answers the runs that changed.
 */
export function recoverRuns(project: Project): string[] {
  const { store } = project;
  const lost = store.runs.withStatus("running", "stopping");
  const waitingStages = store.runs.queued().filter((run) => run.parentId !== null);
  for (const run of lost) endOrphan(run.id, store.runs.facts(run.id)?.processId ?? null);
  const now = new Date().toISOString();
  store.transaction(() => {
    for (const run of [...lost, ...waitingStages])
      store.runs.update(run.id, {
        status: "interrupted",
        finishedAt: now,
        queuePosition: null,
        processId: null,
        failure: { message: "The studio ended while this run was at work.", remedy: "Resume the run: it goes on from its last checkpoint." },
      });
  });
  return [...lost, ...waitingStages].map((run) => run.id);
}

/**
 * A worker ends by itself when its supervisor vanishes, but one in the middle of a long step does so late. It is ended
 * only when it is surely ours: its environment names the run (known on Linux).
 */
function endOrphan(runId: string, pid: number | null): void {
  if (pid === null) return;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    if (environment.includes(`${RUN_VARIABLE}=${runId}`)) process.kill(pid, "SIGKILL");
  } catch {
    // It is gone, or somebody else's, or the system does not tell.
  }
}
