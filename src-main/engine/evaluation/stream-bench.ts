import type { DatasetConfig } from "../../../src-shared/domain/dataset.ts";
import type { Backend } from "../backend/index.ts";
import { splitDataset } from "../datasets/images/split.ts";
import { DecoderPool, defaultThreads } from "../datasets/streaming/decoder-pool.ts";
import type { ImageIndex, ImageList } from "../datasets/streaming/image-index.ts";
import { ImageStream } from "../datasets/streaming/image-stream.ts";
import { STREAMED_SIDE, STREAMED_STATISTICS } from "../datasets/streaming/limits.ts";
import { StreamEvaluation, StreamFeed, type StreamSource } from "./stream-data.ts";
import type { TrainingBench } from "./workbench.ts";

export interface StreamOptions {
  /** Threads that decode; default or 0: {@link defaultThreads}. */
  readonly threads?: number;
  /** Called for each damaged file that is replaced by another image. */
  readonly onDamaged: (sentence: string) => void;
}

/** A bench over images on disk. Its threads live until it is closed. */
export interface StreamBench extends TrainingBench {
  readonly split: ReturnType<typeof splitDataset>;
  close(): Promise<void>;
}

/**
 * Splits an index as a run's config says, stratified, and streams its images.
 * @throws UserError `split-invalid` if more images are requested than exist
 */
export function createStreamBench(backend: Backend, index: ImageIndex, config: DatasetConfig, options: StreamOptions): StreamBench {
  const split = splitDataset(index, {
    validationCount: config.validationImages,
    seed: config.splitSeed,
    ...(config.trainImages === undefined ? {} : { trainLimit: config.trainImages }),
  });
  const side = config.imageSize ?? STREAMED_SIDE;
  const threads = options.threads === undefined || options.threads === 0 ? defaultThreads() : options.threads;
  const pool = new DecoderPool(threads);
  const stream = new ImageStream(index.root, pool, config.damaged ?? "stop", options.onDamaged);
  const source = (list: ImageList, members: Uint32Array): StreamSource => ({ stream, part: { list, members }, side, normalisation: STREAMED_STATISTICS });
  return {
    backend,
    input: { height: side, width: side, channels: 3, classes: index.classNames.length },
    dataset: { id: config.id, fingerprint: index.fingerprint, classNames: index.classNames, ...STREAMED_STATISTICS },
    split,
    feed: (feedOptions) => new StreamFeed(source(index.train, split.train), feedOptions),
    validationImages: () => new StreamEvaluation(source(index.train, split.validation)),
    testImages: () => new StreamEvaluation(source(index.test, split.test)),
    close: () => pool.close(),
  };
}
