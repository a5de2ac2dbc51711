/**
 * Learning rate of the GHN: constant, halved at given fractions of the training (paper, appendix 5.2: epochs 100 and
 * 150 of 200).
 * @param progress share of the training done, 0 to 1
 */
export function halvedRate(base: number, halveAt: readonly number[], progress: number): number {
  return base * 0.5 ** halveAt.filter((fraction) => progress >= fraction).length;
}

export interface CosineSchedule {
  /** Rate at the start of the cosine, before the large-batch factor. */
  readonly base: number;
  /** Large-batch factor: the rate is multiplied by it. */
  readonly factor: number;
  /** Share of the training spent on the linear warm-up, 0 to 1. */
  readonly warmup: number;
}

/**
 * Single-period cosine from base · factor to 0 behind a linear warm-up (paper, appendix 5.3).
 * @param progress share of the training done, 0 to 1
 */
export function cosineRate(schedule: CosineSchedule, progress: number): number {
  const peak = schedule.base * schedule.factor;
  if (schedule.warmup > 0 && progress < schedule.warmup) {
    // Starts at the small-batch rate, so that a factor of 1 makes the warm-up a constant.
    return schedule.base + (peak - schedule.base) * (progress / schedule.warmup);
  }
  const rest = (progress - schedule.warmup) / Math.max(1e-12, 1 - schedule.warmup);
  return 0.5 * peak * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, rest))));
}

/** Scheduled drop-path: the probability grows linearly from 0 to `final` over the training. */
export function dropPathProbability(final: number, progress: number): number {
  return final * Math.min(1, Math.max(0, progress));
}
