/** Prefix of a predictor's name in the summary of a prediction run: the milliseconds that it takes per cell. In a file of its own so that readers of summaries load no tensor library. */
export const COST_PREFIX = "ms ";
