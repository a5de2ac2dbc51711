import type { DatasetConfig } from "../../../src-shared/domain/dataset.ts";
import type { NetworkInput } from "../../../src-shared/domain/network.ts";
import type { Backend } from "../backend/index.ts";
import { BatchMaker } from "../datasets/batching.ts";
import { splitDataset } from "../datasets/split.ts";
import type { LoadedDataset, SplitDataset } from "../datasets/types.ts";

/** What every run works with: the backend, the images and how they are split. */
export interface Workbench {
  readonly backend: Backend;
  readonly dataset: LoadedDataset;
  readonly split: SplitDataset;
  readonly input: NetworkInput;
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
  return {
    backend,
    dataset,
    split,
    input: { height, width, channels, classes: dataset.classNames.length },
    trainBatches: new BatchMaker(dataset.train, dataset),
    testBatches: new BatchMaker(dataset.test, dataset),
  };
}
