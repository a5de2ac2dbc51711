import type { TrainingAugmentation } from "../../../src-shared/domain/config/run-config.ts";
import { type Tensor1D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import { type BatchMaker, EpochSampler, type ImageBatch, type SamplerState } from "../datasets/images/batching.ts";
import { Rng, type RngState } from "../random.ts";
import { fixedBatches } from "./evaluation.ts";

/** How a training requests its batches. */
export interface FeedOptions {
  readonly batchSize: number;
  /** Leave out a last batch that would be smaller than the others; see {@link EpochSampler}. */
  readonly dropLast?: boolean;
  readonly augmentation: TrainingAugmentation;
  /** Determines the order of the images and their augmentation; feeds with the same seed give the same batches. */
  readonly seed: number;
}

/** Position of a feed as plain JSON: after the last batch that it returned. */
export interface FeedState {
  readonly sampler: SamplerState;
  /** Null if each image has its own generator. */
  readonly augment: RngState | null;
}

/** An endless sequence of training batches in a seeded order, from memory or from disk. */
export interface TrainingFeed {
  readonly batchesPerEpoch: number;
  /** @throws UserError when an image cannot be read */
  next(): Promise<ImageBatch>;
  state(): FeedState;
  /** Continues after the batch at which the state was read. Must be called before the first batch. */
  restore(state: FeedState): void;
  close(): Promise<void>;
}

/** Images for evaluation: always the same images in the same order and the same batches. */
export interface EvaluationImages {
  readonly count: number;
  /** Visits every batch. The tensors belong to the set: [n, height, width, channels] and [n] int32, valid during the visit. */
  each(visit: (images: Tensor4D, labels: Tensor1D) => void): Promise<void>;
  dispose(): void;
}

/** A feed over images in memory. */
export class MemoryFeed implements TrainingFeed {
  private readonly maker: BatchMaker;
  private readonly indices: Uint32Array;
  private readonly options: FeedOptions;
  private sampler: EpochSampler;
  private augment: Rng;

  constructor(maker: BatchMaker, indices: Uint32Array, options: FeedOptions) {
    this.maker = maker;
    this.indices = indices;
    this.options = options;
    this.sampler = new EpochSampler(indices, options, Rng.fromSeed(options.seed, "order"));
    this.augment = Rng.fromSeed(options.seed, "augment");
  }

  get batchesPerEpoch(): number {
    return this.sampler.batchesPerEpoch;
  }

  next(): Promise<ImageBatch> {
    return Promise.resolve(this.maker.make(this.sampler.next().indices, { augmentation: this.options.augmentation, rng: this.augment }));
  }

  state(): FeedState {
    return { sampler: this.sampler.state(), augment: this.augment.state() };
  }

  restore({ sampler, augment }: FeedState): void {
    this.sampler = EpochSampler.fromState(this.indices, this.options, sampler);
    this.augment = Rng.fromState(augment);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Evaluation images in memory; they are copied to the device at the first visit. */
export class MemoryEvaluation implements EvaluationImages {
  readonly count: number;
  private readonly maker: BatchMaker;
  private readonly indices: Uint32Array;
  private readonly batchSize: number;
  private batches: { readonly images: Tensor4D; readonly labels: Tensor1D }[] | null = null;

  constructor(maker: BatchMaker, indices: Uint32Array, batchSize: number) {
    this.maker = maker;
    this.indices = indices;
    this.batchSize = batchSize;
    this.count = indices.length;
  }

  each(visit: (images: Tensor4D, labels: Tensor1D) => void): Promise<void> {
    this.batches ??= [...fixedBatches(this.maker, this.indices, this.count, this.batchSize)].map((batch) => ({
      images: tf.tensor4d(batch.images, [...batch.shape]),
      labels: tf.tensor1d(batch.labels, "int32"),
    }));
    for (const { images, labels } of this.batches) visit(images, labels);
    return Promise.resolve();
  }

  dispose(): void {
    for (const { images, labels } of this.batches ?? []) tf.dispose([images, labels]);
    this.batches = null;
  }
}
