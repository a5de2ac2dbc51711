/** Measurements of a network in any space: one entry per output, in the order in which outputs are computed. Most networks have one output. */
export interface OutputMeasure {
  /** Share of the images that the output classifies correctly, 0 to 1. */
  readonly accuracies: readonly number[];
  /** Mean cross-entropy. */
  readonly losses: readonly number[];
  /** Share of images whose class is among the five that the last output ranks highest; null if there are five classes or fewer, or if it was not measured. */
  readonly topFive: number | null;
}

/** Top-five accuracies of a finished training; null if they were not measured. */
export interface TopFive {
  readonly validation: number | null;
  readonly test: number | null;
}
