import { explicit } from "../../../src-shared/domain/config/migrate-config.ts";
import type { RunDetail, RunSummary } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { REPAIR_REMEDY } from "../../store/database/damage.ts";
import type { StoreReader } from "../../store/store.ts";

/** Everything about one run. @throws UserError `run-missing` */
export function runDetail(store: StoreReader, runId: string): RunDetail {
  const run = existingRun(store, runId);
  const record = store.runs.record(runId);
  if (record === null)
    throw new UserError(`The settings of the run ${run.name} cannot be read (table run_details, row ${runId}).`, {
      code: "row-damaged",
      remedy: REPAIR_REMEDY,
    });
  return {
    ...run,
    config: explicit(record.config),
    codeVersion: record.codeVersion,
    datasetFingerprint: record.datasetFingerprint,
    resumedFrom: record.resumedFrom,
    children: store.runs.children(runId),
    artifacts: store.artifacts.list(runId),
    summary: record.summary,
  };
}

/** @throws UserError `run-missing` */
export function existingRun(store: StoreReader, runId: string): RunSummary {
  const run = store.runs.get(runId);
  if (run === null)
    throw new UserError(`There is no run ${runId} in this project.`, { code: "run-missing", remedy: "It may have been deleted; check the list of runs." });
  return run;
}
