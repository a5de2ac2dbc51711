import type { CellTraining, PipelineRun, RunConfig } from "../../../../src-shared/domain/config/run-config.ts";
import { DATASETS } from "../../../../src-shared/domain/dataset-facts.ts";
import { STAGE_TITLES } from "../../../../src-shared/domain/records/stages.ts";
import type { StagePlan } from "../stages.ts";

/** Stages of a pipeline, in order: train a GHN, rank cells with it, train the best cells and random ones, fully train the winner. */
export const PIPELINE_STAGE_KEYS = ["ghn", "search", "compare", "final"] as const;
export type PipelineStageKey = (typeof PIPELINE_STAGE_KEYS)[number];

/** Runs of the stages that are done, by stage. */
export type StageRuns = Readonly<Partial<Record<PipelineStageKey, string>>>;

/** The config of a stage, given the runs of those before it. */
function stageConfig(pipeline: PipelineRun, stage: PipelineStageKey, runs: StageRuns): RunConfig {
  const { seed, dataset, network, compute, checkpointEvery, space, ghn, training, search, compare, final, finalNetwork, finalValidationImages } = pipeline;
  const common = { seed, dataset, network, compute, checkpointEvery };
  const before = (name: PipelineStageKey): string => {
    const id = runs[name];
    if (id === undefined) throw new Error(`The stage ${stage} of a pipeline cannot start before ${name} is done.`);
    return id;
  };
  switch (stage) {
    case "ghn":
      return { kind: "ghn-training", ...common, space, ghn, training };
    case "search":
      return { kind: "search", ...common, ghnRunId: before("ghn"), space, search };
    case "compare":
      return {
        kind: "cell-training",
        ...common,
        source: { from: "search", runId: before("search"), top: Math.min(search.shortlist, search.samples), random: search.randomBaseline },
        training: compare,
        // Test images are never used for the choice of the winner. Configs of earlier versions lack the field.
        measureTest: pipeline.compareTest ?? false,
      };
    case "final":
      return {
        kind: "cell-training",
        ...common,
        dataset: finalValidationImages === undefined ? dataset : { ...dataset, validationImages: finalValidationImages },
        network: finalNetwork ?? network,
        source: { from: "training", runId: before("compare"), best: 1 },
        training: final,
        measureTest: true,
      };
  }
}

/** Assumed number of images of a dataset that has not been opened yet. */
const DEFAULT_IMAGES = 10_000;
/** A training step costs about three forward passes; scoring a cell costs one. */
const TRAINING_COST = 3;

/**
 * Share of each stage in the work of a pipeline; they sum to 1. Counted in images that pass through a network, weighted
 * by blocks × channels², to which the cost of a network of a given space is proportional.
 */
export function stageWeights(pipeline: PipelineRun): Readonly<Record<PipelineStageKey, number>> {
  const { dataset, search, training, compare, final } = pipeline;
  const known = DATASETS[dataset.id].trainImages || DEFAULT_IMAGES;
  const images = Math.min(dataset.trainImages ?? Infinity, Math.max(known - dataset.validationImages, known / 2));
  const network = pipeline.network.blocks * pipeline.network.initialChannels ** 2;
  const last = pipeline.finalNetwork ?? pipeline.network;
  const trainings = (settings: CellTraining, cells: number, cost: number): number =>
    TRAINING_COST * settings.epochs * settings.repetitions * cells * images * cost;
  const work = {
    ghn: TRAINING_COST * training.epochs * training.metaBatch * images * network,
    search: (search.samples + search.randomBaseline) * search.validationImages * network,
    compare: trainings(compare, Math.min(search.shortlist, search.samples) + search.randomBaseline, network),
    final: trainings(final, 1, last.blocks * last.initialChannels ** 2),
  };
  const total = work.ghn + work.search + work.compare + work.final;
  return { ghn: work.ghn / total, search: work.search / total, compare: work.compare / total, final: work.final / total };
}

/** The stages of a pipeline, each after the one before. */
export function pipelinePlan(pipeline: PipelineRun): StagePlan[] {
  const weights = stageWeights(pipeline);
  return PIPELINE_STAGE_KEYS.map((stage, i) => ({
    key: stage,
    title: STAGE_TITLES[stage],
    after: PIPELINE_STAGE_KEYS.slice(Math.max(0, i - 1), i),
    work: weights[stage],
    config: (done) => stageConfig(pipeline, stage, Object.fromEntries(done)),
  }));
}
