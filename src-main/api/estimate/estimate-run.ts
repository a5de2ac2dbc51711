/** Estimates what a run costs on a measured device: time, memory and disk space of each stage. Pure. */

import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import {
  type GhnTrainingRun,
  isAnytime,
  type PredictionRun,
  type RunConfig,
  type StudyRun,
  searchSettingsSchema,
} from "../../../src-shared/domain/config/run-config.ts";
import type { RunEstimate } from "../../../src-shared/domain/records/drafts.ts";
import { STAGE_TITLES } from "../../../src-shared/domain/records/stages.ts";
import { PREFETCHED } from "../../engine/datasets/streaming/limits.ts";
import { fittedNetwork } from "../../engine/spaces/cell/budget.ts";
import { buildPlan } from "../../engine/spaces/cell/plan.ts";
import { anytimeStages } from "./anytime-stages.ts";
import type { Calibration } from "./calibration.ts";
import { secondsOf } from "./fit.ts";
import { ghnStage, type ImageFacts, phasesOf, type StageCost, searchStage, trainingStage, USUAL_PROPAGATION_STEPS, usedImages } from "./stage-costs.ts";
import { average, meanWork, passWork, workOf } from "./work.ts";

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
  if (isAnytime(config)) return anytimeStages(config, images, calibration);
  const { network } = config;
  switch (config.kind) {
    case "ghn-training":
      return [cellGhnStage(config, images, calibration)];
    case "search":
      return [
        searchStage(
          meanWork(config.space, network, images.input, config.space.nodes),
          network.blocks,
          USUAL_PROPAGATION_STEPS,
          config.cells === undefined ? config.search : { ...config.search, samples: config.cells.length },
          calibration,
        ),
      ];
    case "cell-training": {
      const { source } = config;
      const cells = source.from === "cells" ? source.cells.length : source.from === "search" ? source.top + source.random : source.best;
      // The size of cells of another run is not known here; the default space stands for it.
      const work =
        source.from === "cells"
          ? average(source.cells.map(({ architecture }) => workOf(buildPlan(architecture, fittedNetwork(architecture, network, images.input), images.input))))
          : meanWork(searchSpaceSchema.parse({}), network, images.input, 17);
      return [trainingStage("Training", work, cells, config.training, config.dataset, config.measureTest, images, calibration)];
    }
    case "pipeline": {
      const { space, search } = config;
      const work = meanWork(space, network, images.input, space.nodes);
      const finalWork = config.finalNetwork === undefined ? work : meanWork(space, config.finalNetwork, images.input, space.nodes);
      return [
        cellGhnStage(config, images, calibration),
        searchStage(work, network.blocks, phasesOf(config.ghn), search, calibration),
        trainingStage(STAGE_TITLES.compare, work, search.shortlist + search.randomBaseline, config.compare, config.dataset, false, images, calibration),
        trainingStage(STAGE_TITLES.final, finalWork, 1, config.final, config.dataset, true, images, calibration),
      ];
    }
    case "prediction":
      return [predictionStage(config, images, calibration)];
    case "study": {
      const { space, truth, cells } = config;
      const work = meanWork(space, network, images.input, space.nodes);
      const search = searchSettingsSchema.parse({
        samples: cells.count,
        randomBaseline: 0,
        validationImages: config.validationImages,
        batchSize: Math.min(250, config.validationImages),
      });
      return [
        ...config.variants.flatMap((variant) => {
          const training = cellGhnStage({ ...config, ...variant }, images, calibration);
          const scoring = searchStage(work, network.blocks, phasesOf(variant.ghn), search, calibration);
          return [times(training, config.seeds.length, variant.name), times(scoring, config.seeds.length, `${variant.name}: scores`)];
        }),
        predictionStage(config, images, calibration),
        trainingStage("Truth", work, cells.count + config.noiseCells, { ...truth, repetitions: 1 }, config.dataset, false, images, calibration),
      ];
    }
  }
}

function cellGhnStage({ space, network, ghn, training, dataset }: Omit<GhnTrainingRun, "kind">, images: ImageFacts, calibration: Calibration): StageCost {
  const validated = meanWork(space, network, images.input, space.nodes);
  return ghnStage(meanWork(space, network, images.input, training.nodes), validated, ghn, training, dataset, images, calibration);
}

/** A stage that is repeated sequentially. */
function times(stage: StageCost, count: number, name: string): StageCost {
  return { ...stage, name, seconds: stage.seconds * count, diskBytes: stage.diskBytes * count };
}

/** Proxies cost about ten forward and backward passes over one batch; all short trainings of a cell are one training. */
function predictionStage({ space, network, cells, predictors, dataset }: PredictionRun | StudyRun, images: ImageFacts, calibration: Calibration): StageCost {
  const work = meanWork(space, network, images.input, space.nodes);
  const { sgd } = predictors;
  const steps = Math.max(0, ...predictors.sgdSteps);
  const epochs = (steps * sgd.batchSize) / usedImages(images, dataset);
  const short = trainingStage("Other predictors", work, cells.count, { ...sgd, epochs, repetitions: 1 }, dataset, false, images, calibration);
  const proxies = predictors.proxies ? cells.count * 10 * secondsOf(passWork(work, predictors.proxyImages), calibration.training) : 0;
  return { ...short, seconds: short.seconds + proxies };
}
