/** Prefix of a predictor's name in the summary of a prediction run: its milliseconds per cell. A separate file, so that readers of summaries do not load a tensor library. */
export const COST_PREFIX = "ms ";
