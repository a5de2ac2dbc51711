/** The results of a run. Computed in one place (`analysis/figures/figures.ts`) and shown everywhere. */

/** A mean over `n` measurements with its sample standard deviation, which is null for a single measurement. */
export interface Moments {
  readonly mean: number;
  readonly deviation: number | null;
  readonly n: number;
}

/** Spearman correlation of scores and trained accuracy over `n` distinct cells, with its 95 % interval (Fisher). */
export interface RankCorrelation {
  readonly value: number;
  readonly interval: readonly [number, number] | null;
  readonly n: number;
}

/** What a run has found so far; figures that it does not have are absent. Accuracies, scores and areas are in [0, 1]. */
export interface Figures {
  /** The best architecture: of a pipeline, the fully trained one; otherwise the best trained or, without trainings, the best scored one. */
  readonly winner?: string;
  /** Run that trained or scored the winner. */
  readonly winnerRunId?: string;
  /** Accuracies of the winner over its repetitions. */
  readonly testAccuracy?: Moments;
  readonly validationAccuracy?: Moments;
  /** Validation accuracy of the trained shortlist and of the random cells trained for comparison, over cells. */
  readonly shortlistAccuracy?: Moments;
  readonly randomAccuracy?: Moments;
  readonly rankCorrelation?: RankCorrelation;
  /** Areas under the accuracy curve of the winner of an anytime run over its repetitions, and of the random networks. */
  readonly testArea?: Moments;
  readonly area?: Moments;
  readonly randomArea?: Moments;
  /** Best score with generated weights of a search; random cells do not count. */
  readonly bestScore?: number;
  /** Best mean validation accuracy of unseen cells with generated weights, while the GHN trains. */
  readonly ghnScore?: number;
  /** Of the winner. */
  readonly parameters?: number;
  readonly multiplyAdds?: number;
  /** Number of architectures that the search scored, without random ones. */
  readonly ranked?: number;
}
