import type { StudyRun } from "../../../../src-shared/domain/config/run-config.ts";
import type { RunSummary } from "../../../../src-shared/domain/records/run.ts";
import type { CellToTrain } from "../../../../src-shared/worker-protocol.ts";
import { studyCells } from "../../../engine/search/study-cells.ts";
import type { Project } from "../../../store/project/project.ts";
import type { StoreReader } from "../../../store/store.ts";
import type { Outcome } from "../outcomes.ts";
import { writeReport } from "../report-files.ts";
import type { StagedKind, StagePlan } from "../stages.ts";
import { analyseInThread } from "./analysis-thread.ts";
import { fingerprintOf, studyData, truthOf } from "./study-data.ts";
import { type MissingTraining, predictorStages, SECOND_SEED, TRUTH_KEY, truthConfigs, truthStage, truthWork } from "./study-plan.ts";

/**
 * A study (paper, section 4.3 and appendix): predictors and variants of the GHN against trained accuracy on one set of cells. What was trained before with the same protocol is taken from
 * the store; only what is missing is trained.
 */
export function studyKind(project: Project): StagedKind {
  const { store } = project;
  /** Plans are asked for with every look at the progress; what cannot change any more is kept. */
  const kept = new Map<string, { readonly study: StudyRun; readonly predictors: readonly StagePlan[] }>();
  const studyOf = (runId: string): { readonly study: StudyRun; readonly predictors: readonly StagePlan[] } => {
    let known = kept.get(runId);
    if (known === undefined) {
      const config = store.runs.facts(runId)?.config;
      if (config?.kind !== "study") throw new Error(`Run ${runId} is no study.`);
      known = { study: config, predictors: predictorStages(config) };
      kept.set(runId, known);
    }
    return known;
  };
  return {
    plan(runId, runs) {
      const { study, predictors } = studyOf(runId);
      const planned = truthStages(store, study, runs);
      if (planned === null) return { stages: [...predictors, later(study)], complete: false };
      // The truth first: it takes longest, and its parts can be at work at the same time.
      return { stages: [...planned, ...predictors], complete: true };
    },
    async conclude(runId, _done, signal): Promise<Outcome> {
      const { result, ...report } = await analyseInThread(studyData(store, runId), signal);
      writeReport(project, runId, report);
      const facts: Record<string, string | number | boolean | null> = { cells: result.n, noiseCeiling: result.noiseCeiling };
      for (const row of result.rows) facts[`spearman ${row.name}`] = row.all.spearman.value;
      return { status: "completed", failure: null, summary: facts };
    },
  };
}

/** The runs for the truth; null as long as the images, and so what was trained on them before, are not known. */
function truthStages(store: StoreReader, study: StudyRun, runs: ReadonlyMap<string, RunSummary>): StagePlan[] | null {
  const begun = [...runs.values()].filter((run) => run.stage?.startsWith(`${TRUTH_KEY}-`));
  if (begun.length > 0)
    return begun.flatMap((run) => {
      const config = store.runs.facts(run.id)?.config;
      return config === undefined ? [] : [truthStage(study, run.stage ?? "", config)];
    });
  const fingerprint = fingerprintOf(store, [...runs.values()]);
  if (fingerprint === null) return null;
  return truthConfigs(study, missingTrainings(store, study, fingerprint)).map((config, i) => truthStage(study, `${TRUTH_KEY}-${i + 1}`, config));
}

function missingTrainings(store: StoreReader, study: StudyRun, fingerprint: string): MissingTraining[] {
  const cells = cellsToTrain(study);
  const wanted = [
    ...cells.map((cell) => ({ cell, seed: study.seed })),
    ...cells.slice(0, study.noiseCells).map((cell) => ({ cell, seed: study.seed + SECOND_SEED })),
  ];
  return wanted.filter(({ cell, seed }) => truthOf(store, study, fingerprint, cell.canonical, seed) === null);
}

/** Stands for the truth until it is known what of it is missing. It waits for a stage that never comes, so that nobody begins it. */
function later(study: StudyRun): StagePlan {
  return {
    key: TRUTH_KEY,
    title: "Truth",
    after: ["the first look at the images"],
    work: truthWork(study, study.cells.count + Math.min(study.noiseCells, study.cells.count)),
    config: () => {
      throw new Error("The truth of a study was to begin before the images were known.");
    },
  };
}

function cellsToTrain(study: StudyRun): CellToTrain[] {
  return studyCells(study).map(({ architecture, canonical }, index) => ({
    name: `Cell ${index}`,
    architecture,
    canonical,
    candidateId: null,
    role: "none",
    score: null,
  }));
}
