import type { PipelineRun } from "../../src-shared/domain/run-config.ts";
import type { Project } from "../store/index.ts";
import { pipelinePlan, type StageRuns } from "./pipeline-stages.ts";
import { pipelineSummary } from "./pipeline-summary.ts";
import type { StagedKind } from "./stages.ts";

/** Train a GHN, search, compare, train the winner: one stage after the other. */
export function pipelineKind(project: Project): StagedKind {
  const configOf = (runId: string): PipelineRun => {
    const config = project.store.runs.facts(runId)?.config;
    if (config?.kind !== "pipeline") throw new Error(`Run ${runId} is no pipeline.`);
    return config;
  };
  return {
    plan: (runId) => ({ stages: pipelinePlan(configOf(runId)), complete: true }),
    conclude: (_runId, done) => ({
      status: "completed",
      failure: null,
      summary: pipelineSummary(project.store, Object.fromEntries(done) satisfies StageRuns),
    }),
  };
}
