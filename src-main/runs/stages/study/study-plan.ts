import {
  type CellTrainingRun,
  type PredictionRun,
  type RunConfig,
  type SearchRun,
  type StudyRun,
  searchSettingsSchema,
} from "../../../../src-shared/domain/config/run-config.ts";
import { DATASETS } from "../../../../src-shared/domain/dataset-facts.ts";
import type { CellToTrain } from "../../../../src-shared/worker-protocol.ts";
import type { StagePlan } from "../stages.ts";

/** Keys of the stage that trains a variant with a seed and of the stage that scores the cells with it. */
export const generatorKey = (variant: number, seed: number): string => `generator-${variant}-${seed}`;
export const scoreKey = (variant: number, seed: number): string => `score-${variant}-${seed}`;
export const PREDICTION_KEY = "prediction";
/** Prefix of the keys of the stages that train cells for the ground truth; a number follows. */
export const TRUTH_KEY = "truth";

/** Added to the seed when a cell is trained a second time, as for a second repetition. */
export const SECOND_SEED = 1000;

/** A training from scratch that a study needs and that does not exist yet. */
export interface MissingTraining {
  readonly cell: CellToTrain;
  readonly seed: number;
}

/** All stages except the ground truth: each variant is trained with each seed and then scores the cells; one run measures the other predictors. */
export function predictorStages(study: StudyRun): StagePlan[] {
  const { dataset, network, compute, checkpointEvery, space, cells, predictors } = study;
  const common = { dataset, network, compute, checkpointEvery };
  const images = imagesOf(study);
  const stages: StagePlan[] = [];
  if (predictors.proxies || predictors.sgdSteps.length > 0) {
    const config: PredictionRun = { kind: "prediction", ...common, seed: study.seed, space, cells, predictors };
    const steps = Math.max(0, ...predictors.sgdSteps);
    stages.push({
      key: PREDICTION_KEY,
      title: "Other predictors",
      after: [],
      work: cells.count * space.nodes * (TRAINING_COST * steps * predictors.sgd.batchSize + 10 * predictors.proxyImages),
      config: () => config,
    });
  }
  study.variants.forEach((variant, v) => {
    for (const seed of study.seeds) {
      const title = study.seeds.length > 1 ? `${variant.name}, seed ${seed}` : variant.name;
      const { training } = variant;
      stages.push({
        key: generatorKey(v, seed),
        title,
        after: [],
        work: TRAINING_COST * training.epochs * training.metaBatch * images * training.nodes,
        config: () => ({ kind: "ghn-training", ...common, seed, space, ghn: variant.ghn, training }),
      });
      stages.push({
        key: scoreKey(v, seed),
        title: `${title}: scores`,
        after: [generatorKey(v, seed)],
        work: cells.count * space.nodes * study.validationImages,
        config: (done) => scoringConfig(study, done.get(generatorKey(v, seed)) ?? ""),
      });
    }
  });
  return stages;
}

/** A search without limits that scores exactly the cells of the study, in their order (`studyCells`). */
function scoringConfig(study: StudyRun, ghnRunId: string): SearchRun {
  const { dataset, network, compute, checkpointEvery, space, cells } = study;
  return {
    kind: "search",
    dataset,
    network,
    compute,
    checkpointEvery,
    seed: cells.seed,
    ghnRunId,
    space,
    search: searchOf(cells.count, study.validationImages),
  };
}

/** The missing trainings, divided evenly over the runs for the ground truth. */
export function groundTruthConfigs(study: StudyRun, missing: readonly MissingTraining[]): CellTrainingRun[] {
  const { dataset, network, compute, checkpointEvery, truth, truthRuns } = study;
  const seeds = [...new Set(missing.map(({ seed }) => seed))];
  return seeds.flatMap((seed) => {
    const cells = missing.filter((one) => one.seed === seed).map(({ cell }) => cell);
    const runs = Math.min(truthRuns, cells.length);
    return Array.from(
      { length: runs },
      (_, r): CellTrainingRun => ({
        kind: "cell-training",
        dataset,
        network,
        compute,
        checkpointEvery,
        seed,
        source: { from: "cells", cells: cells.filter((_cell, i) => i % runs === r).map(({ name, architecture }) => ({ name, architecture })) },
        training: { ...truth, repetitions: 1 },
        measureTest: false,
      }),
    );
  });
}

/** The stage of one run for the ground truth. */
export function groundTruthStage(study: StudyRun, key: string, config: RunConfig): StagePlan {
  const cells = config.kind === "cell-training" && config.source.from === "cells" ? config.source.cells.length : 0;
  return {
    key,
    title: `Ground truth ${key.slice(TRUTH_KEY.length + 1)}`,
    after: [],
    work: groundTruthWork(study, cells),
    config: () => config,
  };
}

/** Cost of training this many cells from scratch, in the unit of `work`. */
export function groundTruthWork(study: StudyRun, cells: number): number {
  return TRAINING_COST * study.truth.epochs * cells * imagesOf(study) * study.space.nodes;
}

/** A training step costs about three forward passes. */
const TRAINING_COST = 3;
/** Assumed number of images of a dataset that has not been opened yet. */
const DEFAULT_IMAGES = 10_000;

function imagesOf({ dataset }: StudyRun): number {
  const known = DATASETS[dataset.id].trainImages || DEFAULT_IMAGES;
  return Math.min(dataset.trainImages ?? Infinity, Math.max(known - dataset.validationImages, known / 2));
}

function searchOf(samples: number, validationImages: number): SearchRun["search"] {
  return searchSettingsSchema.parse({
    samples,
    validationImages,
    batchSize: Math.min(250, validationImages),
    shortlist: 1,
    randomBaseline: 0,
  });
}
