/** Follows a run that another process executes. */
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { ProjectView } from "../../store/project/project.ts";
import type { StoreReader } from "../../store/store.ts";
import { displayFor } from "../output/displays.ts";
import { Exit } from "../output/errors.ts";
import { EXIT } from "../output/exit-codes.ts";
import type { Io } from "../output/io.ts";
import { outcomeOf, outcomeTable } from "../output/outcome.ts";
import { watchRun } from "../output/watch.ts";
import { seenFromOutside } from "../project/project.ts";

/**
 * Shows a run until it ends or its process has ended. Ctrl-C ends the command, not the run.
 * @throws Exit if the run did not complete
 */
export async function followRun(io: Io, view: ProjectView, runId: string, json: boolean): Promise<void> {
  const run = await watchRun(seenStore(view), runId, displayFor(io, json));
  const outcome = outcomeOf(view, run);
  if (json) io.json({ event: "finished", run, outcome });
  else if (run.status === "completed") io.out(outcomeTable(io, outcome));
  else io.note(`The run ${run.name} is ${run.status}.${run.failure === null ? "" : ` ${run.failure.message}`}`);
  if (run.status !== "completed") throw new Exit(EXIT.runFailed);
}

/** The store with the current status of runs: those of a process that was killed are interrupted. */
function seenStore(view: ProjectView): StoreReader {
  const now = (run: RunSummary): RunSummary => seenFromOutside(view.folder)(run);
  const runs: StoreReader["runs"] = Object.assign(Object.create(view.store.runs) as StoreReader["runs"], {
    get: (id: string) => {
      const run = view.store.runs.get(id);
      return run === null ? null : now(run);
    },
    children: (id: string) => view.store.runs.children(id).map(now),
  });
  return { ...view.store, runs };
}
