/** Settings that reduce the demo to seconds: the same path with a few steps of each kind. */
export const TINY: readonly string[] = [
  "network.blocks=2",
  "network.initialChannels=8",
  "network.reductions=[1]",
  "space.nodes=3",
  "dataset.validationImages=60",
  "checkpointEvery=1",
  "ghn.hiddenSize=8",
  "ghn.messageHiddenSize=8",
  "ghn.decoderHiddenSize=16",
  "ghn.propagationSteps=1",
  "training.nodes=3",
  "training.epochs=0.2",
  "training.validationCells=2",
  "training.validationImages=30",
  "training.validateEvery=0.1",
  "training.batchSize=32",
  "search.samples=6",
  "search.validationImages=60",
  "search.batchSize=60",
  "search.shortlist=2",
  "search.randomBaseline=2",
  "compare.epochs=0.1",
  "compare.batchSize=32",
  "final.epochs=0.2",
  "final.batchSize=32",
  "final.repetitions=2",
];

export function sets(fields: readonly string[]): string[] {
  return fields.flatMap((field) => ["--set", field]);
}
