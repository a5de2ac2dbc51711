import { type RunConfig, runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";

/** The smallest runs on real images that still cover every step; they take seconds on wasm. */
export function tinyConfig(input: { readonly kind: RunConfig["kind"] } & Record<string, unknown>): RunConfig {
  return runConfigSchema.parse({
    seed: 3,
    dataset: { id: "digits", validationImages: 100, trainImages: 160 },
    network: { blocks: 2, initialChannels: 4, reductions: [1] },
    compute: { backend: "wasm", threads: 1 },
    checkpointEvery: 1,
    ...input,
  });
}

export const TINY_GHN = {
  ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 8, propagationSteps: 1 },
  training: { nodes: 2, epochs: 3, batchSize: 16, validationCells: 2, validationImages: 50, augmentation: { cropPadding: 1, horizontalFlip: false } },
};
