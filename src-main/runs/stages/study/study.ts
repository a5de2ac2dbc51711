import type { StudyRun } from "../../../../src-shared/domain/config/run-config.ts";
import type { RunSummary } from "../../../../src-shared/domain/records/run.ts";
import type { CellToTrain } from "../../../../src-shared/worker-protocol.ts";
import { studyArchitectures } from "../../../engine/search/study-architectures.ts";
import { SPACES } from "../../../engine/spaces/index.ts";
import type { Project } from "../../../store/project/project.ts";
import type { StoreReader } from "../../../store/store.ts";
import { allDiverged, type RunOutcome } from "../../outcomes/run-outcome.ts";
import { writeReport } from "../report-files.ts";
import type { StagedKind, StagePlan } from "../stages.ts";
import { analyseInThread } from "./analysis-thread.ts";
import { fingerprintOf, studyData, trainingFor } from "./study-data.ts";
import { groundTruthConfigs, groundTruthStage, groundTruthWork, type MissingTraining, predictorStages, SECOND_SEED, TRUTH_KEY } from "./study-plan.ts";

/**
 * A study (paper, section 4.3 and appendix): predictors and variants of the GHN against trained accuracy on one set of
 * cells. Trainings with the same protocol that are already in the store are reused; only the missing ones are run.
 */
export function studyKind(project: Project): StagedKind {
  const { store } = project;
  /** The part of a plan that cannot change: plans are requested with every update of the progress. */
  const kept = new Map<string, { readonly study: StudyRun; readonly predictors: readonly StagePlan[] }>();
  const studyOf = (runId: string): { readonly study: StudyRun; readonly predictors: readonly StagePlan[] } => {
    let known = kept.get(runId);
    if (known === undefined) {
      const config = store.runs.record(runId)?.config;
      if (config?.kind !== "study") throw new Error(`Run ${runId} is not a study.`);
      known = { study: config, predictors: predictorStages(config) };
      kept.set(runId, known);
    }
    return known;
  };
  return {
    plan(runId, runs) {
      const { study, predictors } = studyOf(runId);
      const planned = groundTruthStages(store, study, runs);
      if (planned === null) return { stages: [...predictors, groundTruthPlaceholder(study)], complete: false };
      // The ground truth first: it takes longest, and its parts can run at the same time.
      return { stages: [...planned, ...predictors], complete: true };
    },
    async conclude(runId, _done, signal): Promise<RunOutcome> {
      const data = studyData(store, runId);
      if (data.truth.every((value) => value === null)) return allDiverged("cells of the study");
      const { result, ...report } = await analyseInThread(data, signal);
      writeReport(project, runId, report);
      const facts: Record<string, string | number | boolean | null> = { cells: result.n, noiseCeiling: result.noiseCeiling };
      for (const row of result.rows) facts[`spearman ${row.name}`] = row.all.spearman.value;
      return { status: "completed", failure: null, summary: facts };
    },
  };
}

/** The runs for the ground truth; null until the fingerprint of the images, and with it the set of existing trainings, is known. */
function groundTruthStages(store: StoreReader, study: StudyRun, runs: ReadonlyMap<string, RunSummary>): StagePlan[] | null {
  const begun = [...runs.values()].filter((run) => run.stage?.startsWith(`${TRUTH_KEY}-`));
  if (begun.length > 0)
    return begun.flatMap((run) => {
      const config = store.runs.record(run.id)?.config;
      return config === undefined ? [] : [groundTruthStage(study, run.stage ?? "", config)];
    });
  const fingerprint = fingerprintOf(store, [...runs.values()]);
  if (fingerprint === null) return null;
  return groundTruthConfigs(study, missingTrainings(store, study, fingerprint)).map((config, i) => groundTruthStage(study, `${TRUTH_KEY}-${i + 1}`, config));
}

function missingTrainings(store: StoreReader, study: StudyRun, fingerprint: string): MissingTraining[] {
  const cells = cellsToTrain(study);
  const wanted = [
    ...cells.map((cell) => ({ cell, seed: study.seed })),
    ...cells.slice(0, study.noiseCells).map((cell) => ({ cell, seed: study.seed + SECOND_SEED })),
  ];
  return wanted.filter(({ cell, seed }) => trainingFor(store, study, fingerprint, cell.canonical, seed) === null);
}

/** Placeholder for the ground truth until it is known which trainings are missing. It waits for a stage that does not exist, so it never starts. */
function groundTruthPlaceholder(study: StudyRun): StagePlan {
  return {
    key: TRUTH_KEY,
    title: "Ground truth",
    after: ["fingerprint of the images"],
    work: groundTruthWork(study, study.cells.count + Math.min(study.noiseCells, study.cells.count)),
    config: () => {
      throw new Error("The ground truth of a study cannot be planned before its images are known.");
    },
  };
}

function cellsToTrain(study: StudyRun): CellToTrain[] {
  return studyArchitectures(SPACES.cell, study.space, study.cells).map(({ architecture, canonical }, index) => ({
    space: "cell",
    name: `Cell ${index}`,
    architecture,
    canonical,
    candidateId: null,
    role: "none",
    score: null,
  }));
}
