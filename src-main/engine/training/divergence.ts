import { notFinite } from "../formats/finite.ts";
import type { NamedArrays } from "./checkpoint.ts";

/**
 * Steps in a row without an update that end a training. A single batch may overflow by chance; after ten different batches in a row the weights are the cause, and
 * they cannot recover, because skipped steps do not change them.
 */
const MAX_SKIPPED_IN_A_ROW = 10;
/** Share of the steps, of an epoch and of the whole training, that may be skipped: beyond it, the training no longer follows its protocol. */
const MAX_SKIPPED_SHARE = 0.1;
/** A loss of this many times the loss of guessing has exploded. Losses of usual trainings stay below 10 times, even in their first steps. */
const EXPLODED = 100;
/**
 * A network that ends at the level of guessing has diverged if its loss had risen this far above that of guessing and above its first value. One that merely learns
 * nothing is a poor network but a result.
 */
const RISEN = { aboveGuessing: 1.5, aboveFirst: 1.2 } as const;
/** Steps before a network is expected to be better than guessing. */
const STEPS_TO_LEARN = 20;

/** What one step says about the health of a training. */
export interface StepHealth {
  /** Mean over the step's images. */
  readonly loss: number;
  /** False if the step was skipped because its loss, gradients or batch statistics were not finite. */
  readonly applied: boolean;
}

/** Counters of a {@link DivergenceMonitor} in a checkpoint. Checkpoints of older versions lack all or some of them. */
export interface DivergenceState {
  readonly skipped?: number;
  readonly skippedInARow?: number;
  readonly skippedInEpoch?: number;
  readonly firstLoss?: number | null;
  readonly peakLoss?: number;
}

export interface DivergenceOptions {
  readonly stepsPerEpoch: number;
  /** The loss of guessing: ln(classes), summed over outputs as the loss is. */
  readonly guessingLoss: number;
  /** Default: {@link MAX_SKIPPED_IN_A_ROW}. */
  readonly maxSkippedInARow?: number;
}

/** A network at the end of its training. */
export interface TrainedNetwork {
  /** Weights and statistics as they are saved. */
  readonly tensors: NamedArrays;
  /** Recent training loss first, then the loss on validation images if measured. */
  readonly losses: readonly number[];
  /** Accuracy on this many validation images; null if not measured. */
  readonly accuracy: { readonly value: number; readonly images: number; readonly chance: number } | null;
}

/** Counts the skipped steps of a training and decides when it has diverged. */
export class DivergenceMonitor {
  skipped = 0;
  skippedInARow = 0;
  private skippedInEpoch = 0;
  /** Loss of the first applied step; null before it, and at first after resuming a checkpoint without it. */
  private firstLoss: number | null = null;
  private peakLoss = 0;
  private readonly options: Required<DivergenceOptions>;

  constructor(options: DivergenceOptions) {
    this.options = { maxSkippedInARow: MAX_SKIPPED_IN_A_ROW, ...options };
  }

  /** @param step number of the step, from 1 */
  add({ loss, applied }: StepHealth, step: number): void {
    if ((step - 1) % this.options.stepsPerEpoch === 0) this.skippedInEpoch = 0;
    if (applied) {
      this.skippedInARow = 0;
      this.firstLoss ??= loss;
      this.peakLoss = Math.max(this.peakLoss, loss);
      return;
    }
    this.skipped += 1;
    this.skippedInARow += 1;
    this.skippedInEpoch += 1;
  }

  /** Why the training cannot continue, as a sentence; null while it can. */
  get reason(): string | null {
    const { stepsPerEpoch, maxSkippedInARow } = this.options;
    if (this.skippedInARow >= maxSkippedInARow) return `In ${this.skippedInARow} steps in a row, the loss, gradients or batch statistics were not finite.`;
    // In short epochs a few steps are more than a tenth; these are counted at the end. What is allowed in a row is allowed in an epoch.
    if (this.skippedInEpoch > Math.max(maxSkippedInARow, MAX_SKIPPED_SHARE * stepsPerEpoch))
      return `In ${this.skippedInEpoch} of the ${stepsPerEpoch} steps of an epoch, the loss, gradients or batch statistics were not finite.`;
    return null;
  }

  /** Why the result of a training that ends after `steps` steps, all of them added, is unusable, as a sentence; null if it is usable. */
  reasonAtEnd(steps: number, { tensors, losses, accuracy }: TrainedNetwork): string | null {
    const { guessingLoss } = this.options;
    const broken = notFinite(tensors);
    if (broken !== null) return `After the last step, ${broken} is not finite.`;
    if (this.skipped > MAX_SKIPPED_SHARE * steps) return `In ${this.skipped} of ${steps} steps, the loss, gradients or batch statistics were not finite.`;
    if (!losses.every(Number.isFinite)) return "The loss at the end is not finite.";
    if (accuracy !== null && !Number.isFinite(accuracy.value)) return "The accuracy at the end is not finite.";
    const last = Math.max(0, ...losses);
    if (last > EXPLODED * guessingLoss) return `The loss at the end is ${times(last / guessingLoss)} times that of guessing.`;
    if (accuracy === null || steps < STEPS_TO_LEARN) return null;
    const noise = Math.sqrt((accuracy.chance * (1 - accuracy.chance)) / Math.max(1, accuracy.images));
    if (accuracy.value > accuracy.chance + 2 * noise || (losses[0] ?? 0) < guessingLoss) return null;
    const { firstLoss, peakLoss } = this;
    const rose = firstLoss !== null && peakLoss > RISEN.aboveGuessing * guessingLoss && peakLoss > RISEN.aboveFirst * firstLoss;
    return rose ? `The loss rose to ${times(peakLoss / guessingLoss)} times that of guessing, and the network is not better than guessing.` : null;
  }

  state(): DivergenceState {
    const { skipped, skippedInARow, skippedInEpoch, firstLoss, peakLoss } = this;
    return { skipped, skippedInARow, skippedInEpoch, firstLoss, peakLoss };
  }

  restore({ skipped = 0, skippedInARow = 0, skippedInEpoch = 0, firstLoss = null, peakLoss = 0 }: DivergenceState): void {
    Object.assign(this, { skipped, skippedInARow, skippedInEpoch, firstLoss, peakLoss });
  }
}

function times(ratio: number): string {
  return ratio < 10 ? ratio.toFixed(1) : Math.round(ratio).toLocaleString("en");
}
