import { UserError } from "../../../lib/errors.ts";
import { Rng, type RngState } from "../../random.ts";
import { type Augmentation, checkAugmentation, NO_AUGMENTATION, type Normalisation, normalisationTable, writeImage } from "./augment.ts";
import type { ImageSet } from "./types.ts";

/** The position of an {@link EpochSampler}, as plain JSON. */
export interface SamplerState {
  /** The generator's state before it shuffled the current epoch. */
  readonly seedState: RngState;
  /** Completed epochs. */
  readonly epoch: number;
  /** Images of this epoch that were returned already, 0 .. count. */
  readonly position: number;
  /** Images per epoch; a state only fits a sampler over this many. */
  readonly count: number;
}

/** The images of a batch. */
export interface BatchIndices {
  /** Indices into the image set, `batchSize` of them or fewer at the end of an epoch. */
  readonly indices: Uint32Array;
  /** The epoch of the batch, from 0. */
  readonly epoch: number;
  /** True for the last batch of its epoch. */
  readonly last: boolean;
}

/** Options of {@link EpochSampler}. */
export interface SamplerOptions {
  readonly batchSize: number;
  /** Skip a last batch that would be smaller, unless it is the only one of the epoch; false by default. */
  readonly dropLast?: boolean;
}

/**
 * Infinite batches of indices: every epoch is a new permutation of the same images.
 * A sampler restored from {@link EpochSampler.state} continues with exactly the next batch.
 */
export class EpochSampler {
  private readonly indices: Uint32Array;
  private readonly batchSize: number;
  private readonly dropLast: boolean;
  private readonly rng: Rng;
  private seedState: RngState;
  private order: Uint32Array;
  private epoch = 0;
  private position = 0;

  /**
   * @param indices the images of an epoch, at least one
   * @param rng owned by the sampler from now on
   * @throws UserError `sampler-invalid` for an empty selection, or a batch size below 1
   */
  constructor(indices: Uint32Array, options: SamplerOptions, rng: Rng) {
    const { batchSize, dropLast = false } = options;
    const refuse = (message: string, field: string, remedy: string): never => {
      throw new UserError(message, { code: "sampler-invalid", field, remedy });
    };
    if (indices.length === 0) refuse("There are no training images to draw batches from.", "trainLimit", "Choose a split that leaves training images.");
    if (!Number.isInteger(batchSize) || batchSize < 1)
      refuse(`The batch size must be a whole number from 1, but it is ${String(batchSize)}.`, "batchSize", "Choose a batch size from 1.");
    this.indices = indices.slice();
    this.batchSize = batchSize;
    this.dropLast = dropLast && batchSize <= indices.length;
    this.rng = rng;
    this.seedState = rng.state();
    this.order = rng.shuffle(this.indices.slice());
  }

  /**
   * Restores a sampler over the same images.
   *
   * @throws UserError `sampler-state-invalid` when the state is damaged or belongs to another selection of images
   */
  static fromState(indices: Uint32Array, options: SamplerOptions, state: SamplerState): EpochSampler {
    const { epoch, position, count } = state;
    if (count !== indices.length || !Number.isInteger(epoch) || epoch < 0 || !Number.isInteger(position) || position < 0 || position > count) {
      throw new UserError("The saved position in the epoch does not fit the training images of this run.", {
        code: "sampler-state-invalid",
        remedy: "Resume with the dataset, split and seed that the checkpoint was written with.",
      });
    }
    const sampler = new EpochSampler(indices, options, Rng.fromState(state.seedState));
    sampler.epoch = epoch;
    sampler.position = position;
    return sampler;
  }

  /** Batches per epoch. */
  get batchesPerEpoch(): number {
    return this.dropLast ? Math.floor(this.indices.length / this.batchSize) : Math.ceil(this.indices.length / this.batchSize);
  }

  /** The next batch; starts a new epoch when the current one is finished. */
  next(): BatchIndices {
    if (this.exhausted()) this.startEpoch();
    const indices = this.order.slice(this.position, this.position + this.batchSize);
    this.position += indices.length;
    return { indices, epoch: this.epoch, last: this.exhausted() };
  }

  /** A copy of the position, for checkpoints. */
  state(): SamplerState {
    return { seedState: this.seedState, epoch: this.epoch, position: this.position, count: this.indices.length };
  }

  private exhausted(): boolean {
    const left = this.indices.length - this.position;
    return left === 0 || (this.dropLast && left < this.batchSize);
  }

  private startEpoch(): void {
    this.epoch++;
    this.position = 0;
    this.seedState = this.rng.state();
    this.order = this.rng.shuffle(this.indices.slice());
  }
}

/** Images ready for a tensor. The arrays are new for every batch; the caller owns them. */
export interface ImageBatch {
  /** `[count, height, width, channels]`, normalised. */
  readonly images: Float32Array;
  readonly shape: readonly [count: number, height: number, width: number, channels: number];
  /** `count` class indices. */
  readonly labels: Int32Array;
  readonly indices: Uint32Array;
}

/**
 * Creates batches from one image set: normalised float32, optionally augmented.
 * Augmentation draws from the generator passed to each call and keeps no state.
 */
export class BatchMaker {
  private readonly set: ImageSet;
  private readonly table: Float32Array;

  constructor(set: ImageSet, normalisation: Normalisation) {
    this.set = set;
    this.table = normalisationTable(set.channels, normalisation);
  }

  /**
   * @param indices images of the set, in this order
   * @param augmented omit for evaluation
   * @throws RangeError for an index outside the set
   * @throws UserError `augmentation-invalid`
   */
  make(indices: Uint32Array, augmented?: { readonly augmentation: Augmentation; readonly rng: Rng }): ImageBatch {
    const { count, height, width, channels } = this.set;
    const augmentation = augmented?.augmentation ?? NO_AUGMENTATION;
    checkAugmentation(augmentation, height, width);
    const rng = augmented?.rng ?? unusedRng;
    const size = height * width * channels;
    const images = new Float32Array(indices.length * size);
    const labels = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] ?? 0;
      if (index >= count) throw new RangeError(`Image ${String(index)} is outside a set of ${String(count)}.`);
      writeImage(this.set, index, this.table, augmentation, rng, images, i * size);
      labels[i] = this.set.labels[index] ?? 0;
    }
    return { images, shape: [indices.length, height, width, channels], labels, indices };
  }
}

/** Never used: without augmentation nothing is random. */
const unusedRng = Rng.fromSeed(0, "unused");

/**
 * The given images in the given order, in batches of `batchSize` (the last one may be smaller), without augmentation.
 *
 * @param limit stop after this many images
 * @throws RangeError for a batch size below 1
 */
export function* evaluationBatches(
  set: ImageSet,
  indices: Uint32Array,
  batchSize: number,
  normalisation: Normalisation,
  limit = indices.length,
): Generator<ImageBatch, void, undefined> {
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`The batch size must be a whole number from 1, got ${String(batchSize)}.`);
  const maker = new BatchMaker(set, normalisation);
  const end = Math.min(limit, indices.length);
  for (let from = 0; from < end; from += batchSize) yield maker.make(indices.slice(from, Math.min(from + batchSize, end)));
}
