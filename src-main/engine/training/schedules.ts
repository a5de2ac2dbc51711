import type { CellTraining } from "../../../src-shared/domain/config/run-config.ts";

/**
 * Learning rate of the GHN: constant, halved at given fractions of the training (paper, appendix 5.2: epochs 100 and
 * 150 of 200).
 * @param progress share of the training done, 0 to 1
 */
export function halvedRate(base: number, halveAt: readonly number[], progress: number): number {
  return base * 0.5 ** halveAt.filter((fraction) => progress >= fraction).length;
}

export interface Warmup {
  /** Initial rate, without the factor. */
  readonly base: number;
  /** The rate is multiplied by it after the warm-up. */
  readonly factor: number;
  /** Share of the training spent on the linear warm-up, 0 to 1. */
  readonly warmup: number;
}

/**
 * Single-period cosine from base · factor to 0 after a linear warm-up (paper, appendix 5.3).
 * @param progress share of the training done, 0 to 1
 */
export function cosineRate(schedule: Warmup, progress: number): number {
  const peak = schedule.base * schedule.factor;
  if (progress < schedule.warmup) return warmUp(schedule, progress);
  const rest = (progress - schedule.warmup) / Math.max(1e-12, 1 - schedule.warmup);
  return 0.5 * peak * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, rest))));
}

/** Linear warm-up from the small-batch rate to `factor` times that rate; constant for a factor of 1. */
function warmUp({ base, factor, warmup }: Warmup, progress: number): number {
  return base + (base * factor - base) * (progress / warmup);
}

export type RateSettings = Pick<
  CellTraining,
  "learningRate" | "accumulate" | "learningRateFactor" | "warmupEpochs" | "epochs" | "schedule" | "decayRate" | "decayAt"
>;

/**
 * Learning rate of a training from scratch (paper, appendix 5.3): a single-period cosine on CIFAR-10, `decayRate` to the power of the finished epochs on
 * ImageNet, `decayRate` for each point of `decayAt` passed in the anytime experiments; after a linear warm-up, times `learningRateFactor`, which is `accumulate` unless it is set.
 * @param progress share of the training done, 0 to 1
 */
export function trainingRate(settings: RateSettings, progress: number): number {
  const { learningRate: base, accumulate, learningRateFactor: factor = accumulate, epochs, schedule, decayRate, decayAt } = settings;
  const ramp: Warmup = { base, factor, warmup: Math.min(0.5, settings.warmupEpochs / epochs) };
  // Configs frozen before schedules existed have none; they use the cosine.
  if (schedule !== "exponential" && schedule !== "step") return cosineRate(ramp, progress);
  if (progress < ramp.warmup) return warmUp(ramp, progress);
  // Rounding may place a step slightly before the epoch that it starts.
  const decays = schedule === "exponential" ? Math.floor(progress * epochs + 1e-9) : decayAt.filter((point) => progress >= point - 1e-12).length;
  return base * factor * decayRate ** decays;
}

/** Scheduled drop-path: the probability grows linearly from 0 to `final` over the training. */
export function dropPathProbability(final: number, progress: number): number {
  return final * Math.min(1, Math.max(0, progress));
}
