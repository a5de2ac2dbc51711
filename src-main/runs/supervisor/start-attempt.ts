import { availableParallelism } from "node:os";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { UserError } from "../../lib/errors.ts";
import { REPAIR_REMEDY } from "../../store/database/damage.ts";
import type { RunRecord } from "../../store/records/runs.ts";
import type { StoreReader } from "../../store/store.ts";
import { Attempt, type AttemptOptions } from "../attempt/attempt.ts";
import { prepareStart, type StartInput } from "../attempt/start-message.ts";
import type { ChildLauncher } from "../child/launcher.ts";
import type { GpuAssignment } from "../devices/gpu-assignment.ts";
import type { RunOutcome } from "../outcomes/run-outcome.ts";
import { RUN_VARIABLE } from "./recovery.ts";

export interface StartAttemptOptions
  extends Pick<AttemptOptions, "project" | "live" | "events" | "stopGraceMs" | "onOutcome" | "onGone" | "onProgress">,
    Pick<StartInput, "dataFolders" | "note"> {
  readonly launcher: ChildLauncher;
  readonly version: string;
  readonly gpus: GpuAssignment;
  /** The outcome if the run was stopped or killed while it was being prepared; null to continue. */
  readonly cancelled: () => RunOutcome | null;
  /** Called as soon as the attempt exists. */
  readonly onAttempt: (attempt: Attempt) => void;
}

/** Details of a run. Nothing about it may be guessed. @throws UserError `row-damaged` */
function startableRecord(store: StoreReader, runId: string): RunRecord {
  const record = store.damage.refusing(() => {
    store.runs.get(runId);
    return store.runs.record(runId);
  });
  const config = runConfigSchema.safeParse(record?.config);
  // Fields that this version does not know any more do no harm.
  const issue = config.error?.issues.find(({ code }) => code !== "unrecognized_keys");
  if (record !== null && issue === undefined) return record;
  const why = record === null ? "it has no row" : `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`;
  throw new UserError(`The settings of run ${runId} cannot be used (table run_details, row ${runId}: ${why}).`, { code: "row-damaged", remedy: REPAIR_REMEDY });
}

/**
 * Marks a run as running, prepares its inputs, and starts its process.
 * @returns the outcome when the run was cancelled before its process started; null when it runs
 * @throws UserError when an input is missing; SqliteError when the project cannot be written
 */
export async function startAttempt(run: RunSummary, options: StartAttemptOptions): Promise<RunOutcome | null> {
  const { project, live, version, note } = options;
  const { store } = project;
  // Read before the start is recorded: a run that never started has no wall time yet.
  const record = startableRecord(store, run.id);
  store.runs.begin(run.id);
  live.changed(run.id, true);
  if (record.codeVersion !== version)
    note("warning", `The run was started with version ${record.codeVersion} and continues with ${version}: its numbers may differ.`);
  const start = await prepareStart({ project, run, record, dataFolders: options.dataFolders, note });
  const cancelled = options.cancelled();
  if (cancelled !== null) return cancelled;
  // Streamed images are decoded on Node's thread pool, which has four threads unless set before the process starts.
  const decoders = record.config.dataset.streamed === true ? { UV_THREADPOOL_SIZE: String(Math.max(4, availableParallelism())) } : {};
  const child = options.launcher.launch({ ...options.gpus.assign(run.id, record.config), ...decoders, [RUN_VARIABLE]: run.id });
  options.onAttempt(new Attempt({ ...options, child, start, datasetFingerprint: record.datasetFingerprint }));
  store.runs.update(run.id, { processId: child.pid });
  return null;
}
