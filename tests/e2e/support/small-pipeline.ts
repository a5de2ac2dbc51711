/** Form fields that shrink the demo to half a minute: the same stages with fewer and smaller steps. */
export const SMALL_PIPELINE: Readonly<Record<string, string>> = {
  "network.blocks": "2",
  "network.initialChannels": "8",
  "network.reductions": "1",
  "space.nodes": "4",
  "training.nodes": "3",
  "training.epochs": "3",
  "training.batchSize": "32",
  "training.validateEvery": "1",
  "search.samples": "30",
  "search.shortlist": "3",
  "search.randomBaseline": "3",
  "compare.epochs": "1",
  "final.epochs": "2",
};
