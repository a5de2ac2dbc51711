import { topHtml, topMarkdown } from "../../../../src-shared/analysis/study/top-report.ts";
import type { PipelineRun } from "../../../../src-shared/domain/config/run-config.ts";
import type { Project } from "../../../store/project/project.ts";
import { writeReport } from "../report-files.ts";
import type { StagedKind } from "../stages.ts";
import { pipelinePlan, type StageRuns } from "./pipeline-stages.ts";
import { pipelineSummary } from "./pipeline-summary.ts";
import { analysedTop } from "./top-data.ts";

/** Train a GHN, search, compare, train the winner: one stage after the other. */
export function pipelineKind(project: Project): StagedKind {
  const configOf = (runId: string): PipelineRun => {
    const config = project.store.runs.record(runId)?.config;
    if (config?.kind !== "pipeline") throw new Error(`Run ${runId} is not a pipeline.`);
    return config;
  };
  return {
    plan: (runId) => ({ stages: pipelinePlan(configOf(runId)), complete: true }),
    conclude(runId, done) {
      const result = analysedTop(project.store, runId);
      writeReport(project, runId, { markdown: topMarkdown(result), html: topHtml(result) });
      return { status: "completed", failure: null, summary: pipelineSummary(project.store, Object.fromEntries(done) satisfies StageRuns) };
    },
  };
}
