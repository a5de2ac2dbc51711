/** Costs of the stages of a run on a measured device, given the work of their networks. Pure. */

import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { CellTraining, GhnConfig, GhnTraining, SearchSettings } from "../../../src-shared/domain/config/run-config.ts";
import { STAGE_TITLES } from "../../../src-shared/domain/records/stages.ts";
import type { Calibration } from "./calibration.ts";
import { secondsOf } from "./fit.ts";
import { generationWork, type NetworkWork, passWork } from "./work.ts";

/** The images of a run. */
export interface ImageFacts {
  readonly input: NetworkInput;
  /** Number of training images before validation images are held out. */
  readonly trainImages: number;
  readonly testImages: number;
}

export interface StageCost {
  readonly name: string;
  readonly seconds: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

const FLOAT = 4;
/** Bytes of one point of a curve in the database. */
const POINT_BYTES = 48;
/** Bytes of one candidate with its architecture in the database. */
const CANDIDATE_BYTES = 4000;
/** Time to start a process and load the library and the images, in seconds. */
const START_SECONDS = 4;
/** Memory that the JavaScript heap and the library's allocator accumulate over minutes, observed in all kinds of runs. */
const GROWTH_BYTES = 3.2e8;
/** Propagation steps of a search when the config of its GHN is not known. */
export const USUAL_PROPAGATION_STEPS = 5;
/** Number of validations during a training. */
const VALIDATIONS = 20;

/** Phases of message passing; baselines that replace the GHN have none. */
export function phasesOf({ generator, propagationSteps }: GhnConfig): number {
  return generator === "graph" ? propagationSteps : 0;
}

type SplitSizes = { readonly validationImages: number; readonly trainImages?: number | undefined };

export function usedImages(images: ImageFacts, split: SplitSizes): number {
  return Math.max(1, Math.min(images.trainImages - split.validationImages, split.trainImages ?? Number.POSITIVE_INFINITY));
}

/** @param work of a network during training @param validated work of a network during validation @param ghnParameters number of parameters of the generator */
export function ghnStage(
  work: NetworkWork,
  validated: NetworkWork,
  ghnParameters: number,
  ghn: GhnConfig,
  training: Pick<GhnTraining, "batchSize" | "shortBatch" | "epochs" | "metaBatch" | "validationCells" | "validationImages" | "validateEvery">,
  split: SplitSizes,
  images: ImageFacts,
  calibration: Calibration,
): StageCost {
  const perEpoch = batchesPerEpoch(usedImages(images, split), training);
  const steps = Math.max(1, Math.round(training.epochs * perEpoch));
  const oneNetwork =
    secondsOf(passWork(work, training.batchSize), calibration.training) + secondsOf(generationWork(work, phasesOf(ghn)), calibration.generationTraining);
  const validation =
    training.validationCells *
    (scoreSeconds(validated, Math.min(training.validationImages, split.validationImages), 250, calibration) +
      secondsOf(generationWork(validated, phasesOf(ghn)), calibration.generation));
  const checkpoint = ghnParameters * FLOAT * 3;
  return {
    name: STAGE_TITLES.ghn,
    seconds: START_SECONDS + steps * training.metaBatch * oneNetwork + (training.epochs / training.validateEvery) * validation,
    memoryBytes:
      calibration.baseBytes +
      GROWTH_BYTES +
      training.metaBatch * (work.activations * training.batchSize * calibration.bytesPerActivation + work.parameters * FLOAT * 4) +
      checkpoint,
    diskBytes: 3 * checkpoint + ghnParameters * FLOAT + steps * 5 * POINT_BYTES,
  };
}

/** @param blocks number of blocks of the networks, whose activations are freed one after the other */
export function searchStage(
  work: NetworkWork,
  blocks: number,
  propagationSteps: number,
  search: Pick<SearchSettings, "samples" | "randomBaseline" | "validationImages" | "batchSize">,
  calibration: Calibration,
): StageCost {
  const one =
    scoreSeconds(work, search.validationImages, search.batchSize, calibration) + secondsOf(generationWork(work, propagationSteps), calibration.generation);
  return {
    name: STAGE_TITLES.search,
    seconds: START_SECONDS + (search.samples + search.randomBaseline) * one,
    // In a forward pass, values are freed after their last use: only a few layers are in memory at a time.
    memoryBytes: calibration.baseBytes + GROWTH_BYTES + (work.activations / Math.max(1, blocks)) * search.batchSize * FLOAT * 3 + work.parameters * FLOAT * 8,
    diskBytes: (search.samples + search.randomBaseline) * (CANDIDATE_BYTES + 2 * POINT_BYTES),
  };
}

export function trainingStage(
  name: string,
  work: NetworkWork,
  cells: number,
  training: Pick<CellTraining, "batchSize" | "shortBatch" | "epochs" | "repetitions">,
  split: SplitSizes,
  measureTest: boolean,
  images: ImageFacts,
  calibration: Calibration,
): StageCost {
  const perEpoch = batchesPerEpoch(usedImages(images, split), training);
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

/** As training counts them. */
export function batchesPerEpoch(images: number, { batchSize, shortBatch }: Pick<CellTraining, "batchSize" | "shortBatch">): number {
  return shortBatch === "drop" ? Math.max(1, Math.floor(images / batchSize)) : Math.ceil(images / batchSize);
}

function scoreSeconds(work: NetworkWork, imageCount: number, batchSize: number, calibration: Calibration): number {
  const batches = Math.ceil(imageCount / batchSize);
  return batches * secondsOf(passWork(work, imageCount / Math.max(1, batches)), calibration.inference);
}
