import { isStaged } from "../../../src-shared/domain/config/run-config.ts";
import type { Artifact, RunSummary } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";

/** What is read of a store. */
interface GhnStore {
  readonly runs: { get(id: string): RunSummary | null; children(id: string): readonly RunSummary[] };
  readonly artifacts: { latest(runId: string, kind: "ghn"): Artifact | null };
}

/**
 * File of the trained GHN that a search uses.
 * @param kind the kind of run that trains such a GHN
 * @throws UserError if there is none
 */
export function ghnArtifact(store: GhnStore, ghnRunId: string, kind: "ghn-training" | "anytime-ghn" = "ghn-training"): Artifact {
  const run = store.runs.get(ghnRunId);
  if (run === null)
    throw new UserError(`There is no run ${ghnRunId} in this project.`, {
      code: "ghn-missing",
      remedy: "Use a run of this project that trained a GHN.",
      field: "ghnRunId",
    });
  if (isStaged(run.kind)) {
    const stage = store.runs.children(ghnRunId).find((child) => child.kind === kind);
    if (stage !== undefined) return ghnArtifact(store, stage.id, kind);
  }
  if (run.kind !== kind)
    throw new UserError(`The run ${run.name} did not train a GHN${kind === "anytime-ghn" ? " of the anytime space" : ""}.`, {
      code: "ghn-missing",
      remedy: `Use a run of kind ${kind}.`,
      field: "ghnRunId",
    });
  const artifact = store.artifacts.latest(ghnRunId, "ghn");
  if (artifact === null)
    throw new UserError(`The run ${run.name} has not finished its GHN yet.`, {
      code: "ghn-missing",
      remedy: "Wait until it has finished, or resume it. Then start the search again.",
      field: "ghnRunId",
    });
  return artifact;
}
