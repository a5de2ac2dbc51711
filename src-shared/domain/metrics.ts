/** Metrics of runs, with title, unit and the direction that is better. */
export const METRICS = {
  "ghn/loss": { title: "GHN loss", unit: "", better: "lower" },
  "ghn/accuracy": { title: "GHN batch accuracy", unit: "%", better: "higher" },
  "ghn/validation-accuracy": { title: "Validation score (generated weights)", unit: "%", better: "higher" },
  "ghn/validation-loss": { title: "Validation loss (generated weights)", unit: "", better: "lower" },
  "ghn/gradient-norm": { title: "Gradient norm", unit: "", better: "lower" },
  "ghn/skipped": { title: "Skipped steps", unit: "", better: "lower" },
  "learning-rate": { title: "Learning rate", unit: "", better: "none" },
  "images-per-second": { title: "Images per second", unit: "1/s", better: "higher" },
  "search/score": { title: "Score of each cell", unit: "%", better: "higher" },
  "search/best": { title: "Best score so far", unit: "%", better: "higher" },
  "train/loss": { title: "Training loss", unit: "", better: "lower" },
  "train/accuracy": { title: "Training accuracy", unit: "%", better: "higher" },
  "train/validation-accuracy": { title: "Validation accuracy", unit: "%", better: "higher" },
  "train/validation-top5": { title: "Validation accuracy, top 5", unit: "%", better: "higher" },
  "train/validation-loss": { title: "Validation loss", unit: "", better: "lower" },
  "train/skipped": { title: "Skipped training steps", unit: "", better: "lower" },
  "train/diverged": { title: "Diverged trainings", unit: "", better: "lower" },
  "anytime/area": { title: "Area under the accuracy–multiply-adds curve", unit: "%", better: "higher" },
  "system/cpu": { title: "CPU", unit: "%", better: "none" },
  "system/memory": { title: "Memory", unit: "MB", better: "none" },
  "system/gpu": { title: "GPU", unit: "%", better: "none" },
  "system/gpu-memory": { title: "GPU memory", unit: "MB", better: "none" },
} as const;

export type MetricName = keyof typeof METRICS;

/**
 * Points of one series. A cell-training run has one series per training (`series` is its index from 0); other runs use
 * series 0. `step` counts within the run and series; `wall` is seconds since the first start of the run, gaps included;
 * `active` is process seconds without gaps. A non-finite value means a skipped step.
 */
export interface MetricColumns {
  readonly name: string;
  readonly series: number;
  readonly step: readonly number[];
  readonly epoch: readonly number[];
  readonly wall: readonly number[];
  readonly active: readonly number[];
  readonly value: readonly (number | null)[];
}

/** Series thinned to at most `buckets` min/max pairs over [fromStep, toStep]; raw points when there are few. */
export interface SeriesAnswer {
  readonly runId: string;
  readonly columns: MetricColumns;
  readonly thinned: boolean;
  readonly totalPoints: number;
  /** Pass to `metrics.since` to get later points. */
  readonly cursor: number;
}
