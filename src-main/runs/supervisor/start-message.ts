import type { AnytimeSearchRun, RunConfig, SearchRun } from "../../../src-shared/domain/config/run-config.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { Project } from "../../store/project/project.ts";
import type { RunFacts } from "../../store/records/runs.ts";
import { resolveNetworks } from "../sources/anytime-source.ts";
import { ghnArtifactPath, resolveCells } from "../sources/cell-source.ts";
import type { StartMessage } from "./attempt.ts";
import { newestGoodCheckpoint, sweepLeftovers } from "./checkpoints.ts";

export interface StartInput {
  readonly project: Project;
  readonly run: RunSummary;
  readonly facts: RunFacts;
  readonly dataFolders: readonly string[];
  /** Hears what happened on the way, for the log of the run. */
  readonly note: (level: "info" | "warning", text: string) => void;
}

/**
 * Everything a worker needs for a run: its inputs resolved from other runs (cells once and for all), the last good
 * checkpoint, the clocks of earlier lives.
 * @throws UserError when an input cannot be had
 */
export async function prepareStart({ project, run, facts, dataFolders, note }: StartInput): Promise<StartMessage> {
  const { store } = project;
  const { config } = facts;
  const ghnFile = needsGhn(config)
    ? project.resolvePath(ghnArtifactPath(store, config.ghnRunId, config.kind === "search" ? "ghn-training" : "anytime-ghn"))
    : null;
  let cells = facts.cells ?? [];
  if (config.kind === "cell-training" && facts.cells === null) {
    cells = resolveCells(store, config.source);
    store.runs.update(run.id, { cells });
  }
  let networks = facts.networks ?? [];
  if (config.kind === "anytime-training" && facts.networks === null) {
    networks = resolveNetworks(store, config);
    store.runs.update(run.id, { networks });
  }
  await sweepLeftovers(project, run.id);
  const had = store.artifacts.checkpoints(run.id).length;
  const checkpoint = await newestGoodCheckpoint(project, run.id, (damaged) =>
    note("warning", `The checkpoint of step ${damaged.step} is damaged or missing and is not used.`),
  );
  if (checkpoint === null && had > 0) note("warning", "No checkpoint can be used: the run begins anew.");
  return {
    type: "start",
    runId: run.id,
    config,
    artifactFolder: project.artifactFolder(run.id),
    dataFolders,
    resumeFrom: checkpoint === null ? null : project.resolvePath(checkpoint.path),
    ghnFile,
    cells,
    networks,
    activeSecondsBefore: run.activeSeconds,
    wallSecondsBefore: run.startedAt === null ? 0 : Math.max(0, (Date.now() - Date.parse(run.startedAt)) / 1000),
  };
}

function needsGhn(config: RunConfig): config is SearchRun | AnytimeSearchRun {
  return config.kind === "search" || config.kind === "anytime-search";
}
