/** Follows a run that another process executes. */
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { type ProjectView, projectOwner } from "../../store/project/project.ts";
import type { StoreReader } from "../../store/store.ts";
import { displayFor } from "../output/displays.ts";
import { Exit } from "../output/errors.ts";
import { EXIT } from "../output/exit-codes.ts";
import type { Io } from "../output/io.ts";
import { outcomeOf, outcomeTable } from "../output/outcome.ts";
import { watchRun } from "../output/watch.ts";
import { seenFromOutside } from "../project/project.ts";

/** How long a queued run may be without a process that could start it, in ms: another one may be taking over. */
const UNOWNED_MS = 5000;

/**
 * Shows a run until it ends or its process has ended. Ctrl-C ends the command, not the run.
 * @throws Exit if the run did not complete
 */
export async function followRun(io: Io, view: ProjectView, runId: string, json: boolean): Promise<void> {
  const run = await watchRun(seenStore(view), runId, displayFor(io, json));
  const outcome = outcomeOf(view, run);
  if (json) io.json({ event: "finished", run, outcome });
  else if (run.status === "completed") io.out(outcomeTable(io, outcome));
  else if (view.store.runs.get(runId)?.status === "queued")
    io.note(`No process executes the project any more. The run ${run.name} stays queued; it starts when the project is opened.`);
  else io.note(`The run ${run.name} is ${run.status}.${run.failure === null ? "" : ` ${run.failure.message}`}`);
  if (run.status !== "completed") throw new Exit(EXIT.runFailed);
}

/** The store with the current status of runs: those of a process that has ended are interrupted, also queued ones that no process can start. */
function seenStore(view: ProjectView): StoreReader {
  let ownedAt = performance.now();
  const now = (run: RunSummary): RunSummary => {
    if (projectOwner(view.folder) !== null) ownedAt = performance.now();
    const seen = seenFromOutside(view.folder)(run);
    return seen.status === "queued" && performance.now() - ownedAt > UNOWNED_MS ? { ...seen, status: "interrupted" } : seen;
  };
  const runs: StoreReader["runs"] = Object.assign(Object.create(view.store.runs) as StoreReader["runs"], {
    get: (id: string) => {
      const run = view.store.runs.get(id);
      return run === null ? null : now(run);
    },
    children: (id: string) => view.store.runs.children(id).map(now),
  });
  return { ...view.store, runs };
}
