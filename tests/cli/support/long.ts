import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the config of a GHN training of minutes that saves a checkpoint every second. @returns its path */
export function longRun(folder: string): string {
  const file = join(folder, "long.json");
  const config = {
    kind: "ghn-training",
    dataset: { id: "digits", validationImages: 60 },
    compute: { backend: "wasm" },
    network: { blocks: 2, initialChannels: 4, reductions: [1] },
    space: { nodes: 3 },
    ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 16, propagationSteps: 1 },
    training: { nodes: 3, epochs: 500, batchSize: 32, validationCells: 1, validationImages: 30 },
    checkpointEvery: 1,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
