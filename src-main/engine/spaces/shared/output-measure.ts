/** What every space measures of a network: one entry for each output, in the order in which they answer. Most networks have one output. */
export interface OutputMeasure {
  /** Share of the images that the output gets right, 0 to 1. */
  readonly accuracies: readonly number[];
  /** Mean cross-entropy. */
  readonly losses: readonly number[];
  /** Share of images whose class is among the five that the last output ranks highest; null where there are five classes or fewer, or where it was not measured. */
  readonly topFive: number | null;
}

/** Top-five accuracies of a finished training; null where they were not measured. */
export interface TopFive {
  readonly validation: number | null;
  readonly test: number | null;
}
