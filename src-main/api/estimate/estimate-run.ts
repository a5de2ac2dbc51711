/** What a run would cost on a measured device: time, memory and disk of each stage. Pure. */
import type { RunEstimate } from "../../../src-shared/contract.ts";
import type { NetworkConfig, NetworkInput } from "../../../src-shared/domain/network.ts";
import {
  type CellTraining,
  type GhnConfig,
  type GhnTraining,
  type PredictionRun,
  type RunConfig,
  type SearchSettings,
  type StudyRun,
  searchSettingsSchema,
} from "../../../src-shared/domain/run-config.ts";
import { type SearchSpace, searchSpaceSchema } from "../../../src-shared/domain/search-space.ts";
import { PREFETCHED } from "../../engine/datasets/streaming/limits.ts";
import { fittedNetwork } from "../../engine/network/budget.ts";
import { buildPlan } from "../../engine/network/plan.ts";
import type { Calibration } from "./calibration.ts";
import { secondsOf } from "./fit.ts";
import { average, generationWork, meanWork, type NetworkWork, passWork, workOf } from "./work.ts";

/** The images of a run. */
export interface ImageFacts {
  readonly input: NetworkInput;
  /** Training images before any are held back. */
  readonly trainImages: number;
  readonly testImages: number;
}

interface Stage {
  readonly name: string;
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const FLOAT = 4;
/** A point of a curve in the database. */
const POINT_BYTES = 48;
/** A candidate's row with its architecture. */
const CANDIDATE_BYTES = 4000;
/** Starting a process, loading the library and the images, in seconds. */
const START_SECONDS = 4;
/** What the script engine's heap and the library's allocator gather over minutes; seen in runs of every kind. */
const GROWTH_BYTES = 3.2e8;
/** The propagation of a search, where its GHN's own config is not at hand. */
const USUAL_PROPAGATION_STEPS = 5;
/** Validations during one training. */
const VALIDATIONS = 20;

/** The estimate of a config that has no problems. */
export function estimateRun(config: RunConfig, images: ImageFacts, calibration: Calibration): RunEstimate {
  const stages = stagesOf(config, images, calibration);
  // Streamed images are in memory for a few batches only.
  const streamed = config.dataset.streamed === true && config.kind === "cell-training";
  const inMemory = streamed ? config.training.batchSize * PREFETCHED : images.trainImages + images.testImages;
  const loaded = inMemory * images.input.height * images.input.width * images.input.channels;
  return {
    seconds: stages.reduce((sum, stage) => sum + stage.seconds, 0),
    memoryBytes: Math.max(...stages.map((stage) => stage.memoryBytes)) + loaded,
    diskBytes: stages.reduce((sum, stage) => sum + stage.diskBytes, 0),
    stages: stages.map(({ name, seconds, memoryBytes }) => ({ name, seconds, memoryBytes: memoryBytes + loaded })),
    basis: `From the layers of random cells of this space and the speed measured on this device (${calibration.device}, ${calibration.library}) on ${calibration.measuredAt.slice(0, 10)}. Other work on this computer makes it longer.`,
  };
}

function stagesOf(config: RunConfig, images: ImageFacts, calibration: Calibration): Stage[] {
  const { network } = config;
  switch (config.kind) {
    case "ghn-training":
      return [ghnStage(config.space, network, config.ghn, config.training, config.dataset, images, calibration)];
    case "search":
      return [
        searchStage(
          config.space,
          network,
          USUAL_PROPAGATION_STEPS,
          config.cells === undefined ? config.search : { ...config.search, samples: config.cells.length },
          images,
          calibration,
        ),
      ];
    case "cell-training": {
      const { source } = config;
      const cells = source.from === "cells" ? source.cells.length : source.from === "search" ? source.top + source.random : source.best;
      // Cells of another run are of the size of its space, which the paper's defaults stand for.
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
        ghnStage(space, network, config.ghn, config.training, config.dataset, images, calibration),
        searchStage(space, network, phasesOf(config.ghn), search, images, calibration),
        trainingStage("Comparison", work, search.shortlist + search.randomBaseline, config.compare, config.dataset, false, images, calibration),
        trainingStage("Final training", finalWork, 1, config.final, config.dataset, true, images, calibration),
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
          const training = ghnStage(space, network, variant.ghn, variant.training, config.dataset, images, calibration);
          const scoring = searchStage(space, network, phasesOf(variant.ghn), search, images, calibration);
          return [times(training, config.seeds.length, variant.name), times(scoring, config.seeds.length, `${variant.name}: scores`)];
        }),
        predictionStage(config, images, calibration),
        trainingStage("Truth", work, cells.count + config.noiseCells, { ...truth, repetitions: 1 }, config.dataset, false, images, calibration),
      ];
    }
  }
}

/** The stage so many times, one after the other. */
function times(stage: Stage, count: number, name: string): Stage {
  return { ...stage, name, seconds: stage.seconds * count, diskBytes: stage.diskBytes * count };
}

/** Proxies cost about ten passes forward and backward over one batch; all short trainings of a cell are one. */
function predictionStage({ space, network, cells, predictors, dataset }: PredictionRun | StudyRun, images: ImageFacts, calibration: Calibration): Stage {
  const work = meanWork(space, network, images.input, space.nodes);
  const { sgd } = predictors;
  const steps = Math.max(0, ...predictors.sgdSteps);
  const epochs = (steps * sgd.batchSize) / usedImages(images, dataset);
  const short = trainingStage("Other predictors", work, cells.count, { ...sgd, epochs, repetitions: 1 }, dataset, false, images, calibration);
  const proxies = predictors.proxies ? cells.count * 10 * secondsOf(passWork(work, predictors.proxyImages), calibration.training) : 0;
  return { ...short, seconds: short.seconds + proxies };
}

/** Phases of message passing; the baselines in a GHN's place have none. */
function phasesOf({ generator, propagationSteps }: GhnConfig): number {
  return generator === "graph" ? propagationSteps : 0;
}

type Split = { readonly validationImages: number; readonly trainImages?: number | undefined };

function usedImages(images: ImageFacts, split: Split): number {
  return Math.max(1, Math.min(images.trainImages - split.validationImages, split.trainImages ?? Number.POSITIVE_INFINITY));
}

function ghnStage(
  space: SearchSpace,
  network: NetworkConfig,
  ghn: GhnConfig,
  training: GhnTraining,
  split: Split,
  images: ImageFacts,
  calibration: Calibration,
): Stage {
  const work = meanWork(space, network, images.input, training.nodes);
  const perEpoch = Math.ceil(usedImages(images, split) / training.batchSize);
  const steps = Math.max(1, Math.round(training.epochs * perEpoch));
  const oneNetwork =
    secondsOf(passWork(work, training.batchSize), calibration.training) + secondsOf(generationWork(work, phasesOf(ghn)), calibration.generationTraining);
  const validated = meanWork(space, network, images.input, space.nodes);
  const validation =
    training.validationCells *
    (scoreSeconds(validated, Math.min(training.validationImages, split.validationImages), 250, calibration) +
      secondsOf(generationWork(validated, phasesOf(ghn)), calibration.generation));
  const ghnParameters = ghnSize(ghn);
  const checkpoint = ghnParameters * FLOAT * 3;
  return {
    name: "GHN",
    seconds: START_SECONDS + steps * training.metaBatch * oneNetwork + (training.epochs / training.validateEvery) * validation,
    memoryBytes:
      calibration.baseBytes +
      GROWTH_BYTES +
      training.metaBatch * (work.activations * training.batchSize * calibration.bytesPerActivation + work.parameters * FLOAT * 4) +
      checkpoint,
    diskBytes: 3 * checkpoint + ghnParameters * FLOAT + steps * 5 * POINT_BYTES,
  };
}

function searchStage(
  space: SearchSpace,
  network: NetworkConfig,
  propagationSteps: number,
  search: SearchSettings,
  images: ImageFacts,
  calibration: Calibration,
): Stage {
  const work = meanWork(space, network, images.input, space.nodes);
  const one =
    scoreSeconds(work, search.validationImages, search.batchSize, calibration) + secondsOf(generationWork(work, propagationSteps), calibration.generation);
  return {
    name: "Search",
    seconds: START_SECONDS + (search.samples + search.randomBaseline) * one,
    // Forward alone, values are freed as soon as nobody reads them: a few layers are there at once.
    memoryBytes:
      calibration.baseBytes + GROWTH_BYTES + (work.activations / Math.max(1, network.blocks)) * search.batchSize * FLOAT * 3 + work.parameters * FLOAT * 8,
    diskBytes: (search.samples + search.randomBaseline) * (CANDIDATE_BYTES + 2 * POINT_BYTES),
  };
}

function trainingStage(
  name: string,
  work: NetworkWork,
  cells: number,
  training: CellTraining,
  split: Split,
  measureTest: boolean,
  images: ImageFacts,
  calibration: Calibration,
): Stage {
  const perEpoch = Math.ceil(usedImages(images, split) / training.batchSize);
  const batches = Math.max(1, Math.round(training.epochs * perEpoch));
  const validations = Math.min(VALIDATIONS, Math.max(1, training.epochs));
  const one =
    batches * secondsOf(passWork(work, training.batchSize), calibration.training) +
    validations * scoreSeconds(work, split.validationImages, 250, calibration) +
    (measureTest ? scoreSeconds(work, images.testImages, 250, calibration) : 0);
  const trainings = cells * training.repetitions;
  return {
    name,
    seconds: START_SECONDS + trainings * one,
    memoryBytes: calibration.baseBytes + GROWTH_BYTES + work.activations * training.batchSize * calibration.bytesPerActivation + work.parameters * FLOAT * 4,
    diskBytes: trainings * (work.parameters * FLOAT + batches * 3 * POINT_BYTES) + 2 * work.parameters * FLOAT * 2,
  };
}

function scoreSeconds(work: NetworkWork, imageCount: number, batchSize: number, calibration: Calibration): number {
  const batches = Math.ceil(imageCount / batchSize);
  return batches * secondsOf(passWork(work, imageCount / Math.max(1, batches)), calibration.inference);
}

/** About how many parameters a GHN has: GRU and message networks in both directions, decoder branches. */
function ghnSize({ hiddenSize, messageHiddenSize, decoderHiddenSize }: GhnConfig): number {
  return 6 * hiddenSize * hiddenSize + 4 * hiddenSize * messageHiddenSize + 8 * decoderHiddenSize * (2 * hiddenSize + 64 * 9 + decoderHiddenSize);
}
