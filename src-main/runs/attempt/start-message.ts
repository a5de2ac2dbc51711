import type { AnytimeSearchRun, RunConfig, SearchRun } from "../../../src-shared/domain/config/run-config.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { StartMessage } from "../../../src-shared/worker-protocol.ts";
import type { Project } from "../../store/project/project.ts";
import type { RunRecord } from "../../store/records/runs.ts";
import { resolveSubjects } from "../sources/training-source.ts";
import { newestGoodCheckpoint, sweepLeftovers } from "./checkpoints.ts";
import { intactGhnFile } from "./intact-ghn.ts";

export interface StartInput {
  readonly project: Project;
  readonly run: RunSummary;
  readonly record: RunRecord;
  readonly dataFolders: readonly string[];
  /** Writes to the log of the run. */
  readonly note: (level: "info" | "warning", text: string) => void;
}

/**
 * Everything a worker needs to execute a run: its inputs from other runs (the networks to train are resolved only once), the last
 * intact checkpoint, and the times of earlier attempts.
 * @throws UserError when an input is missing
 */
export async function prepareStart({ project, run, record, dataFolders, note }: StartInput): Promise<StartMessage> {
  const { store } = project;
  const { config } = record;
  const ghnFile = needsGhn(config) ? await intactGhnFile(project, config) : null;
  let subjects = record.subjects ?? [];
  if ((config.kind === "cell-training" || config.kind === "anytime-training") && record.subjects === null) {
    subjects = store.damage.refusing(() => resolveSubjects(store, config));
    store.runs.setSubjects(run.id, subjects);
  }
  // First: a row that cannot be read would make its file look like a leftover.
  const had = store.damage.refusing(() => store.artifacts.list(run.id).filter(({ kind }) => kind === "checkpoint").length);
  await sweepLeftovers(project, run.id);
  const checkpoint = await newestGoodCheckpoint(project, run.id, (damaged) =>
    note("warning", `The checkpoint of step ${damaged.step} is damaged or missing and is not used.`),
  );
  if (checkpoint === null && had > 0) note("warning", "No checkpoint can be used: the run starts again from the beginning.");
  return {
    type: "start",
    runId: run.id,
    config,
    artifactFolder: project.artifactFolder(run.id),
    dataFolders,
    resumeFrom: checkpoint === null ? null : project.resolvePath(checkpoint.path),
    ghnFile,
    subjects,
    activeSecondsBefore: run.activeSeconds,
    wallSecondsBefore: run.startedAt === null ? 0 : Math.max(0, (Date.now() - Date.parse(run.startedAt)) / 1000),
  };
}

function needsGhn(config: RunConfig): config is SearchRun | AnytimeSearchRun {
  return config.kind === "search" || config.kind === "anytime-search";
}
