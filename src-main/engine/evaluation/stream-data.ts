import { type Tensor1D, type Tensor4D, tf } from "../backend/ops/tf.ts";
import type { DecodeSettings } from "../datasets/decoding/decode-into.ts";
import { checkAugmentation, NO_AUGMENTATION, type Normalisation, normalisationTable, writeImage } from "../datasets/images/augment.ts";
import { type BatchIndices, EpochSampler, type ImageBatch, type SamplerState } from "../datasets/images/batching.ts";
import type { ImageStream, StreamPart } from "../datasets/streaming/image-stream.ts";
import { PREFETCHED } from "../datasets/streaming/limits.ts";
import { Rng } from "../random.ts";
import { balancedBatches } from "./evaluation.ts";
import type { EvaluationImages, FeedOptions, FeedState, TrainingFeed } from "./training-data.ts";

/** Maximum size of an evaluation batch. With running statistics, the size only affects memory. */
const EVALUATION_BATCH = 64;

/** Images streamed from disk, and how they are decoded. */
export interface StreamSource {
  readonly stream: ImageStream;
  readonly part: StreamPart;
  /** Side of the square images in pixels. */
  readonly side: number;
  readonly normalisation: Normalisation;
}

/** A batch being decoded. */
interface Prefetch {
  readonly batch: BatchIndices;
  readonly memory: SharedArrayBuffer;
  readonly ready: Promise<void>;
  /** State of the sampler after this batch. */
  readonly after: SamplerState;
}

/**
 * Batches of images that stay on disk. At most {@link PREFETCHED} batches of bytes are in memory, regardless of the dataset; they are read ahead while the network
 * trains on earlier batches. Each image has its own random generator, derived from the seed, the epoch and its index, so that neither the number of threads nor their
 * timing affects results. A restored feed continues with exactly the next batch.
 */
export class StreamFeed implements TrainingFeed {
  private readonly source: StreamSource;
  private readonly options: FeedOptions;
  private readonly settings: DecodeSettings;
  private readonly table: Float32Array;
  private readonly queue: Prefetch[] = [];
  /** Buffers that are not in use. */
  private readonly free: SharedArrayBuffer[] = [];
  private sampler: EpochSampler;
  private consumed: SamplerState;
  private closed = false;

  constructor(source: StreamSource, options: FeedOptions) {
    this.source = source;
    this.options = options;
    const { smallestCrop, colourJitter } = options.augmentation;
    this.settings = { side: source.side, smallestCrop, colourJitter };
    checkAugmentation(options.augmentation, source.side, source.side);
    this.table = normalisationTable(3, source.normalisation);
    this.sampler = new EpochSampler(source.part.members, options, Rng.fromSeed(options.seed, "order"));
    this.consumed = this.sampler.state();
  }

  get batchesPerEpoch(): number {
    return this.sampler.batchesPerEpoch;
  }

  /** Number of batches ahead of the last one returned. */
  get prefetched(): number {
    return this.queue.length;
  }

  /** Number of batch buffers, in use or free. */
  get buffers(): number {
    return this.queue.length + this.free.length;
  }

  async next(): Promise<ImageBatch> {
    this.fill();
    const first = this.queue[0];
    if (first === undefined) throw new Error("The feed is closed.");
    await first.ready;
    const images = this.finish(first);
    this.queue.shift();
    this.consumed = first.after;
    this.free.push(first.memory);
    this.fill();
    return images;
  }

  state(): FeedState {
    return { sampler: this.consumed, augment: null };
  }

  restore({ sampler }: FeedState): void {
    if (this.queue.length > 0) throw new Error("A feed is restored before its first batch.");
    this.sampler = EpochSampler.fromState(this.source.part.members, this.options, sampler);
    this.consumed = sampler;
  }

  close(): Promise<void> {
    this.closed = true;
    this.queue.length = 0;
    this.free.length = 0;
    return Promise.resolve();
  }

  private fill(): void {
    const { stream, part, side } = this.source;
    while (!this.closed && this.queue.length < PREFETCHED) {
      const batch = this.sampler.next();
      const memory = this.free.pop() ?? new SharedArrayBuffer(this.options.batchSize * 3 * side * side);
      const ready = stream.read(part, batch.indices, memory, this.settings, (position) => this.seedOf(batch, position));
      // Errors are reported to the reader of the batch, if there is one.
      ready.catch(() => undefined);
      this.queue.push({ batch, memory, ready, after: this.sampler.state() });
    }
  }

  private seedOf({ epoch, indices }: BatchIndices, position: number): string {
    return `${this.options.seed}/${epoch}/${indices[position] ?? 0}`;
  }

  /** Padding crop, flip, normalisation and Cutout, as for images in memory. */
  private finish({ batch, memory }: Prefetch): ImageBatch {
    const { part, side } = this.source;
    const { indices } = batch;
    const set = { images: new Uint8Array(memory), labels: new Uint8Array(0), count: indices.length, height: side, width: side, channels: 3 };
    const images = new Float32Array(indices.length * 3 * side * side);
    for (let i = 0; i < indices.length; i++)
      writeImage(set, i, this.table, this.options.augmentation, Rng.fromSeed(this.seedOf(batch, i), "augment"), images, i * 3 * side * side);
    return { images, shape: [indices.length, side, side, 3], labels: labelsOf(part, indices), indices };
  }
}

/** Evaluation images that stay on disk: one batch is measured while the next is decoded. */
export class StreamEvaluation implements EvaluationImages {
  readonly count: number;
  private readonly source: StreamSource;
  private readonly table: Float32Array;

  constructor(source: StreamSource) {
    this.source = source;
    this.count = source.part.members.length;
    this.table = normalisationTable(3, source.normalisation);
  }

  async each(visit: (images: Tensor4D, labels: Tensor1D) => void): Promise<void> {
    const { stream, part, side } = this.source;
    const batches = balancedBatches(this.count, EVALUATION_BATCH);
    const memories = batches.slice(0, 2).map(() => new SharedArrayBuffer(EVALUATION_BATCH * 3 * side * side));
    const begin = (k: number): { indices: Uint32Array; memory: SharedArrayBuffer; ready: Promise<void> } | null => {
      const [range, memory] = [batches[k], memories[k % 2]];
      if (range === undefined || memory === undefined) return null;
      const indices = part.members.slice(range.from, range.to);
      const ready = stream.read(part, indices, memory, { side, smallestCrop: 0, colourJitter: 0 }, () => "");
      ready.catch(() => undefined);
      return { indices, memory, ready };
    };
    let coming = begin(0);
    for (let k = 0; coming !== null; k++) {
      const { indices, memory, ready } = coming;
      await ready;
      coming = begin(k + 1);
      const images = tf.tensor4d(this.normalised(memory, indices.length), [indices.length, side, side, 3]);
      const labels = tf.tensor1d(labelsOf(part, indices), "int32");
      try {
        visit(images, labels);
      } finally {
        tf.dispose([images, labels]);
      }
    }
  }

  dispose(): void {
    // No data is kept between visits.
  }

  private normalised(memory: SharedArrayBuffer, count: number): Float32Array {
    const { side } = this.source;
    const set = { images: new Uint8Array(memory), labels: new Uint8Array(0), count, height: side, width: side, channels: 3 };
    const images = new Float32Array(count * 3 * side * side);
    for (let i = 0; i < count; i++) writeImage(set, i, this.table, NO_AUGMENTATION, UNUSED, images, i * 3 * side * side);
    return images;
  }
}

/** Never used to draw numbers. */
const UNUSED = Rng.fromSeed(0, "unused");

function labelsOf({ list }: StreamPart, indices: Uint32Array): Int32Array {
  return Int32Array.from(indices, (index) => list.labels[index] ?? 0);
}
