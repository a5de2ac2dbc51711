/** Estimates what a run costs on a measured device: time, memory and disk space of each stage. Pure. */

import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { type CellTrainingRun, type PredictionRun, type RunConfig, type StudyRun, searchSettingsSchema } from "../../../src-shared/domain/config/run-config.ts";
import type { RunEstimate } from "../../../src-shared/domain/records/drafts.ts";
import { STAGE_TITLES } from "../../../src-shared/domain/records/stages.ts";
import { countGeneratorParameters } from "../../engine/baselines/parameter-count.ts";
import { PREFETCHED } from "../../engine/datasets/streaming/limits.ts";
import { fittedNetwork } from "../../engine/spaces/cell/budget.ts";
import { SPACES, spaceOf } from "../../engine/spaces/index.ts";
import type { SearchSpace } from "../../engine/spaces/shared/search-space.ts";
import type { SpaceTypes } from "../../engine/spaces/shared/space-types.ts";
import { anytimeFinalStages, anytimeTrainingStages } from "./anytime-training.ts";
import type { Calibration } from "./calibration.ts";
import { secondsOf } from "./fit.ts";
import {
  batchesPerEpoch,
  ghnStage,
  type ImageFacts,
  phasesOf,
  type StageCost,
  searchStage,
  trainingStage,
  USUAL_PROPAGATION_STEPS,
  usedImages,
} from "./stage-costs.ts";
import { average, passWork, spaceWork, workOf } from "./work.ts";

export type { ImageFacts } from "./stage-costs.ts";

/** The estimate for a valid config. */
export function estimateRun(config: RunConfig, images: ImageFacts, calibration: Calibration): RunEstimate {
  const stages = stagesOf(config, images, calibration);
  // Of streamed images, only a few batches are in memory.
  const streamed = config.dataset.streamed === true && config.kind === "cell-training";
  const inMemory = streamed ? config.training.batchSize * PREFETCHED : images.trainImages + images.testImages;
  const loaded = inMemory * images.input.height * images.input.width * images.input.channels;
  return {
    seconds: stages.reduce((sum, stage) => sum + stage.seconds, 0),
    memoryBytes: Math.max(...stages.map((stage) => stage.memoryBytes)) + loaded,
    diskBytes: stages.reduce((sum, stage) => sum + stage.diskBytes, 0),
    stages: stages.map(({ name, seconds, memoryBytes }) => ({ name, seconds, memoryBytes: memoryBytes + loaded })),
    basis: `Based on random cells of this space and the speed of this device (${calibration.device}, ${calibration.library}) on ${calibration.measuredAt.slice(0, 10)}. Other programs on this computer make runs slower.`,
  };
}

function stagesOf(config: RunConfig, images: ImageFacts, calibration: Calibration): StageCost[] {
  const { dataset } = config;
  const space = spaceOf(config.kind);
  switch (config.kind) {
    case "ghn-training":
    case "anytime-ghn":
      return [ghnStageOf(space, config, images, calibration)];
    case "search":
    case "anytime-search":
      return [searchStageOf(space, config, USUAL_PROPAGATION_STEPS, images, calibration)];
    case "cell-training":
      return [cellTrainingStage(config, images, calibration)];
    case "anytime-training":
      return anytimeTrainingStages(config, images, calibration);
    case "pipeline": {
      const { search, compare, final, network, finalNetwork = network } = config;
      const work = spaceWork(space, config, images.input);
      const finalSplit = { ...dataset, validationImages: config.finalValidationImages ?? dataset.validationImages };
      const finalWork = spaceWork(space, { space: config.space, network: finalNetwork }, images.input);
      return [
        ghnStageOf(space, config, images, calibration),
        searchStageOf(space, config, phasesOf(config.ghn), images, calibration),
        trainingStage(STAGE_TITLES.compare, work, search.shortlist + search.randomBaseline, compare, dataset, config.compareTest, images, calibration),
        trainingStage(STAGE_TITLES.final, finalWork, 1, final, finalSplit, true, images, calibration),
      ];
    }
    case "anytime":
      return [
        ghnStageOf(space, config, images, calibration),
        searchStageOf(space, config, phasesOf(config.ghn), images, calibration),
        ...anytimeFinalStages(config, images, calibration),
      ];
    case "prediction":
      return [predictionStage(config, images, calibration)];
    case "study": {
      const { truth, cells } = config;
      const search = searchSettingsSchema.parse({
        samples: cells.count,
        randomBaseline: 0,
        validationImages: config.validationImages,
        batchSize: Math.min(250, config.validationImages),
      });
      return [
        ...config.variants.flatMap((variant) => {
          const training = ghnStageOf(space, { ...config, ...variant }, images, calibration);
          const scoring = searchStageOf(space, { ...config, search, cells: undefined }, phasesOf(variant.ghn), images, calibration);
          return [times(training, config.seeds.length, variant.name), times(scoring, config.seeds.length, `${variant.name}: scores`)];
        }),
        predictionStage(config, images, calibration),
        trainingStage(
          "Truth",
          spaceWork(space, config, images.input),
          cells.count + config.noiseCells,
          { ...truth, repetitions: 1 },
          dataset,
          false,
          images,
          calibration,
        ),
      ];
    }
  }
}

type WithDataset = Pick<RunConfig, "dataset">;

function ghnStageOf<T extends SpaceTypes>(space: SearchSpace<T>, run: T["ghnRun"] & WithDataset, images: ImageFacts, calibration: Calibration): StageCost {
  const trained = spaceWork(space, run, images.input, (rng) => space.sampleForGhn(run, rng));
  const parameters = countGeneratorParameters(space, space.ghn.manifest(run, images.input));
  return ghnStage(trained, spaceWork(space, run, images.input), parameters, run.ghn, run.training, run.dataset, images, calibration);
}

function searchStageOf<T extends SpaceTypes>(
  space: SearchSpace<T>,
  run: T["searchRun"],
  propagationSteps: number,
  images: ImageFacts,
  calibration: Calibration,
): StageCost {
  const { blocks } = space.ghn.family(run.space, run.network, images.input).layout;
  return searchStage(spaceWork(space, run, images.input), blocks, propagationSteps, space.searchSettings(run), calibration);
}

function cellTrainingStage({ source, network, training, dataset, measureTest }: CellTrainingRun, images: ImageFacts, calibration: Calibration): StageCost {
  const { input } = images;
  const cells = source.from === "cells" ? source.cells.length : source.from === "search" ? source.top + source.random : source.best;
  // The size of cells of another run is not known here; the default space is assumed.
  const work =
    source.from === "cells"
      ? average(source.cells.map(({ architecture }) => workOf(SPACES.cell.plan(architecture, fittedNetwork(architecture, network, input), input))))
      : spaceWork(SPACES.cell, { space: searchSpaceSchema.parse({}), network }, input);
  return trainingStage("Training", work, cells, training, dataset, measureTest, images, calibration);
}

/** A stage that is repeated sequentially. */
function times(stage: StageCost, count: number, name: string): StageCost {
  return { ...stage, name, seconds: stage.seconds * count, diskBytes: stage.diskBytes * count };
}

/** Proxies cost about ten forward and backward passes over one batch; all short trainings of a cell are one training. */
function predictionStage(run: PredictionRun | StudyRun, images: ImageFacts, calibration: Calibration): StageCost {
  const { cells, predictors, dataset } = run;
  const work = spaceWork(SPACES.cell, run, images.input);
  const { sgd } = predictors;
  const steps = Math.max(0, ...predictors.sgdSteps);
  const epochs = steps / batchesPerEpoch(usedImages(images, dataset), sgd);
  const short = trainingStage("Other predictors", work, cells.count, { ...sgd, epochs, repetitions: 1 }, dataset, false, images, calibration);
  const proxies = predictors.proxies ? cells.count * 10 * secondsOf(passWork(work, predictors.proxyImages), calibration.training) : 0;
  return { ...short, seconds: short.seconds + proxies };
}
