/** In the summary of a prediction run, before the name of a predictor: milliseconds that it takes a cell. Apart, since who reads summaries needs no tensors. */
export const COST_PREFIX = "ms ";
