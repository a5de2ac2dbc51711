import type { NetworkInput } from "../../../src-shared/domain/architecture/network.ts";
import type { DatasetConfig } from "../../../src-shared/domain/dataset.ts";
import type { Backend } from "../backend/index.ts";
import { BatchMaker } from "../datasets/images/batching.ts";
import { splitDataset } from "../datasets/images/split.ts";
import type { LoadedDataset, SplitDataset } from "../datasets/images/types.ts";
import { type EvaluationImages, type FeedOptions, MemoryEvaluation, MemoryFeed, type TrainingFeed } from "./training-data.ts";

/** Maximum size of an evaluation batch. */
const EVALUATION_BATCH = 250;

/** What training a network from scratch requires, with images in memory or on disk. */
export interface TrainingBench {
  readonly backend: Backend;
  readonly input: NetworkInput;
  readonly dataset: Pick<LoadedDataset, "id" | "fingerprint" | "classNames" | "mean" | "std">;
  /** Batches of the training images. The caller closes the feed. */
  feed(options: FeedOptions): TrainingFeed;
  /** The images held out from training. The caller disposes them. */
  validationImages(): EvaluationImages;
  /** The test images, measured once, at the end of a training. The caller disposes them. */
  testImages(): EvaluationImages;
}

/** What every run on images in memory uses: the backend, the images and their split. */
export interface Workbench extends TrainingBench {
  readonly dataset: LoadedDataset;
  readonly split: SplitDataset;
  /** Batches of the training part, from which validation images are held out. */
  readonly trainBatches: BatchMaker;
  /** Batches of the test part; used once, at the end of a training from scratch. */
  readonly testBatches: BatchMaker;
}

/**
 * Splits a dataset as a run's config says. The split depends on the split seed alone, not on the run's seed.
 * @throws UserError `split-invalid` if more images are requested than exist
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
