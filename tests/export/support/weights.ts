import type { WeightsManifest } from "../../../src-main/engine/formats/weights-file.ts";
import { msdNetSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";

export const EXAMPLE_ARCHITECTURE: Architecture = {
  normal: {
    nodes: [
      { operation: "sepConv3x3", inputs: [0] },
      { operation: "maxPool3x3", inputs: [0, 1] },
      { operation: "conv1x1", inputs: [2] },
    ],
  },
};

export const exampleManifest: WeightsManifest = {
  version: 1,
  name: "Cell 3",
  architecture: EXAMPLE_ARCHITECTURE,
  network: { blocks: 2, initialChannels: 8, reductions: [1], stem: "conv3x3", stemMultiplier: 1, separableRepeats: 2, factorizedDivisor: 4 },
  input: { height: 8, width: 8, channels: 1, classes: 2 },
  normalisation: { mean: [0.3], std: [0.4] },
  classNames: ["zero", "one"],
  dataset: { id: "digits", fingerprint: "abc" },
  batchNormEpsilon: 1e-5,
  parameters: 1234,
  multiplyAdds: 5678,
  validationAccuracy: 0.9,
  testAccuracy: 0.95,
  seed: 11,
};

/** The record of a trained network with two exits, as far as its export needs it. */
export const exitsManifest = {
  version: 1,
  name: "MSDNet",
  model: msdNetSchema.parse({ kind: "msdnet", exits: 2, base: 1, step: 1, channels: 4, growth: 2, classifierChannels: 4 }),
  network: { initialChannels: 4 },
  input: { height: 32, width: 32, channels: 3, classes: 10 },
};

/** A small weights file in the engine's format, assembled manually as an independent implementation of the format. */
export function safetensorsBytes(metadata: Record<string, string> = { format: "ghn-studio-weights", manifest: JSON.stringify(exampleManifest) }): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      __metadata__: metadata,
      classifier: { dtype: "F32", shape: [3, 2], data_offsets: [16, 40] },
      stem: { dtype: "F32", shape: [4], data_offsets: [0, 16] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.from(new Float32Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).buffer)]);
}

/** A weights file of a network with the given arrays. */
export function networkBytes(
  manifest: WeightsManifest,
  arrays: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>,
): Buffer {
  let offset = 0;
  const entries = [...arrays].map(([name, { shape, values }]) => {
    const begin = offset;
    offset += values.byteLength;
    return [name, { dtype: "F32", shape, data_offsets: [begin, offset] }] as const;
  });
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { format: "ghn-studio-weights", manifest: JSON.stringify(manifest) }, ...Object.fromEntries(entries) }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, ...[...arrays.values()].map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength))]);
}
