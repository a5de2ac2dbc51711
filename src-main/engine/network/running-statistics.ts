import { type Scalar, type Tensor, type Tensor1D, tf } from "../backend/ops/tf.ts";
import type { NamedArray } from "../backend/ops/types.ts";
import type { NetworkPlan } from "./plan-types.ts";
import { type NormStatistic, programOf } from "./program.ts";
import { checkArray } from "./weights.ts";

/** Fraction of the old value that a running average keeps at each update (TensorFlow's convention; PyTorch calls it 0.1). */
const MOMENTUM = 0.9;

/** Mean and variance of one batch norm, [channels] each. */
export interface ChannelMoments {
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
}

/**
 * Running averages of the statistics of all batch norms, for networks trained from scratch. They are stored in two flat tensors,
 * so that an update takes a few kernel calls regardless of the number of batch norms.
 */
export class RunningStatistics {
  private readonly norms: readonly NormStatistic[];
  /** Number of batch norms without the auxiliary head, whose norms follow. */
  private readonly mainNorms: number;
  private readonly sizes: number[];
  private mean: Tensor1D;
  private variance: Tensor1D;
  /** The averages when `begin` was called; null outside of a provisional step. */
  private kept: { readonly mean: Tensor1D; readonly variance: Tensor1D } | null = null;
  /** The flat tensors, split at the first use after a change. */
  private moments: ChannelMoments[] | null = null;

  /** Means start at 0, variances at 1. */
  constructor(plan: NetworkPlan, options: { readonly auxiliary?: boolean } = {}) {
    const { norms, auxiliary } = programOf(plan);
    this.mainNorms = norms.length;
    this.norms = options.auxiliary === true ? [...norms, ...auxiliary.norms] : norms;
    this.sizes = this.norms.map((norm) => norm.channels);
    const total = this.sizes.reduce((sum, size) => sum + size, 0);
    this.mean = tf.keep(tf.zeros([total]));
    this.variance = tf.keep(tf.ones([total]));
  }

  /** Number of batch norms. */
  get length(): number {
    return this.norms.length;
  }

  /** Current averages of batch norm `index`. The caller must not dispose them; valid until the next update. @throws Error for an index out of range */
  at(index: number): ChannelMoments {
    this.moments ??= this.split();
    const moments = this.moments[index];
    if (moments === undefined) throw new Error(`There are running statistics for ${this.norms.length} batch norms, but none for number ${index}.`);
    return moments;
  }

  /**
   * Moves the averages towards the statistics of a batch: new = 0.9 old + 0.1 batch. `batch` has one entry per batch norm,
   * or one per batch norm of the network without the auxiliary head, whose averages then stay. Does not dispose `batch`.
   * @throws Error for another number of entries
   */
  update(batch: readonly ChannelMoments[]): void {
    if (batch.length !== this.norms.length && batch.length !== this.mainNorms)
      throw new Error(`The batch has statistics of ${batch.length} batch norms, but the network has ${this.mainNorms}.`);
    const [mean, variance] = tf.tidy(() => [
      this.moved(
        this.mean,
        batch.map((moments) => moments.mean),
      ),
      this.moved(
        this.variance,
        batch.map((moments) => moments.variance),
      ),
    ]) as [Tensor1D, Tensor1D];
    this.replace(mean, variance);
  }

  /**
   * Starts a provisional step: until `commit` or `rollback`, updates can be undone. A trainer does not know whether a batch is usable before it has seen the loss
   * and the gradients, and an average that is not finite would stay so for good.
   * @throws Error if a provisional step is active
   */
  begin(): void {
    if (this.kept !== null) throw new Error("A provisional step of the running statistics is active already.");
    this.kept = { mean: this.mean, variance: this.variance };
  }

  /** Keeps the updates since `begin`. @throws Error if no provisional step is active */
  commit(): void {
    const { mean, variance } = this.keptAverages();
    this.kept = null;
    if (mean !== this.mean) tf.dispose([mean, variance]);
  }

  /** Undoes the updates since `begin`, bit for bit. @throws Error if no provisional step is active */
  rollback(): void {
    const { mean, variance } = this.keptAverages();
    this.kept = null;
    if (mean === this.mean) return;
    this.replace(mean, variance);
  }

  /** A scalar on the device: 0 if all averages are finite, NaN otherwise. To be called in a tidy. */
  finiteness(): Scalar {
    return tf.concat([this.mean, this.variance]).mul(0).sum().asScalar();
  }

  /** Copies of the averages, keyed `<norm id>/mean` and `<norm id>/variance`. */
  export(options: { readonly auxiliary?: boolean } = {}): Record<string, NamedArray> {
    const count = options.auxiliary === true ? this.norms.length : this.mainNorms;
    const [mean, variance] = [this.mean.dataSync<"float32">(), this.variance.dataSync<"float32">()];
    const result: Record<string, NamedArray> = {};
    let offset = 0;
    for (const { id, channels } of this.norms.slice(0, count)) {
      result[`${id}/mean`] = { shape: [channels], values: mean.slice(offset, offset + channels) };
      result[`${id}/variance`] = { shape: [channels], values: variance.slice(offset, offset + channels) };
      offset += channels;
    }
    return result;
  }

  /**
   * Replaces the averages by those of `export`. Averages of the auxiliary head may be missing and then stay. In a provisional step, this can be undone like an update.
   * @throws Error if another one is missing or has the wrong shape; then nothing changes
   */
  import(arrays: Readonly<Record<string, NamedArray>>): void {
    const [mean, variance] = [Float32Array.from(this.mean.dataSync()), Float32Array.from(this.variance.dataSync())];
    let offset = 0;
    for (const [index, { id, channels }] of this.norms.entries()) {
      for (const [name, target] of [
        [`${id}/mean`, mean],
        [`${id}/variance`, variance],
      ] as const) {
        const array = arrays[name];
        if (array === undefined && index >= this.mainNorms) continue;
        checkArray(name, array, [channels]);
        target.set(array.values, offset);
      }
      offset += channels;
    }
    this.replace(tf.tensor1d(mean), tf.tensor1d(variance));
  }

  dispose(): void {
    this.forget();
    if (this.kept !== null && this.kept.mean !== this.mean) tf.dispose([this.kept.mean, this.kept.variance]);
    this.kept = null;
    tf.dispose([this.mean, this.variance]);
  }

  private keptAverages(): { readonly mean: Tensor1D; readonly variance: Tensor1D } {
    if (this.kept === null) throw new Error("No provisional step of the running statistics is active.");
    return this.kept;
  }

  private moved(old: Tensor1D, batch: readonly Tensor1D[]): Tensor1D {
    const fresh = batch.length === 1 && batch[0] !== undefined ? batch[0] : (tf.concat([...batch], 0) as Tensor1D);
    const total = old.size;
    if (fresh.size === total) return tf.add(tf.mul(old, MOMENTUM), tf.mul(fresh, 1 - MOMENTUM));
    const head = tf.add(tf.mul(tf.slice(old, [0], [fresh.size]), MOMENTUM), tf.mul(fresh, 1 - MOMENTUM)) as Tensor1D;
    return tf.concat([head, tf.slice(old, [fresh.size], [total - fresh.size])], 0) as Tensor1D;
  }

  private split(): ChannelMoments[] {
    if (this.sizes.length === 0) return [];
    const parts = (flat: Tensor1D): Tensor[] => (this.sizes.length === 1 ? [tf.clone(flat)] : tf.split(flat, this.sizes)).map((part) => tf.keep(part));
    const [means, variances] = tf.tidy(() => [parts(this.mean), parts(this.variance)]);
    return this.sizes.map((_, i) => ({ mean: means?.[i] as Tensor1D, variance: variances?.[i] as Tensor1D }));
  }

  private replace(mean: Tensor1D, variance: Tensor1D): void {
    this.forget();
    if (this.kept?.mean !== this.mean) tf.dispose([this.mean, this.variance]);
    this.mean = tf.keep(mean);
    this.variance = tf.keep(variance);
  }

  private forget(): void {
    for (const { mean, variance } of this.moments ?? []) tf.dispose([mean, variance]);
    this.moments = null;
  }
}
