import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { DatasetConfig } from "../../../src-shared/domain/dataset.ts";
import type { Backend } from "../backend/index.ts";
import { BatchMaker } from "../datasets/images/batching.ts";
import { splitDataset } from "../datasets/images/split.ts";
import type { LoadedDataset, SplitDataset } from "../datasets/images/types.ts";
import { type EvaluationImages, type FeedOptions, MemoryEvaluation, MemoryFeed, type TrainingFeed } from "./training-data.ts";

/** Images of an evaluation batch at most. */
const EVALUATION_BATCH = 250;

/** What training a network from scratch needs, wherever the images lie. */
export interface TrainingBench {
  readonly backend: Backend;
  readonly input: NetworkInput;
  readonly dataset: Pick<LoadedDataset, "id" | "fingerprint" | "classNames" | "mean" | "std">;
  /** Batches of the training images; to be closed. */
  feed(options: FeedOptions): TrainingFeed;
  /** The images that are held back from training; to be disposed. */
  validationImages(): EvaluationImages;
  /** The test images, to be looked at once, at the end of a training; to be disposed. */
  testImages(): EvaluationImages;
}

/** What every run on images in memory works with: the backend, the images and how they are split. */
export interface Workbench extends TrainingBench {
  readonly dataset: LoadedDataset;
  readonly split: SplitDataset;
  /** Batches of the training part, from which validation images are held back. */
  readonly trainBatches: BatchMaker;
  /** Batches of the test part; used once, at the end of a training from scratch. */
  readonly testBatches: BatchMaker;
}

/**
 * Splits a dataset as a run's config says. The split depends on the split seed alone, not on the run's seed.
 * @throws UserError `split-invalid` when more images are asked for than there are
 */
export function createWorkbench(backend: Backend, dataset: LoadedDataset, config: DatasetConfig): Workbench {
  const split = splitDataset(dataset, {
    validationCount: config.validationImages,
    seed: config.splitSeed,
    ...(config.trainImages === undefined ? {} : { trainLimit: config.trainImages }),
  });
  const { height, width, channels } = dataset.train;
  const trainBatches = new BatchMaker(dataset.train, dataset);
  const testBatches = new BatchMaker(dataset.test, dataset);
  return {
    backend,
    dataset,
    split,
    input: { height, width, channels, classes: dataset.classNames.length },
    trainBatches,
    testBatches,
    feed: (options) => new MemoryFeed(trainBatches, split.train, options),
    validationImages: () => new MemoryEvaluation(trainBatches, split.validation, EVALUATION_BATCH),
    testImages: () => new MemoryEvaluation(testBatches, split.test, EVALUATION_BATCH),
  };
}
