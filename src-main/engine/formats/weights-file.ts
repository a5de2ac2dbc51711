import { z } from "zod";
import {
  type Architecture,
  architectureSchema,
  type NetworkConfig,
  type NetworkInput,
  networkConfigSchema,
} from "../../../src-shared/domain/architecture/network.ts";

/** Marks a safetensors file with the weights of one trained network. */
export const WEIGHTS_FILE_FORMAT = "ghn-studio-weights";

/** What is needed to rebuild the network and to prepare its input. */
export interface WeightsManifest {
  readonly version: 1;
  readonly name: string;
  readonly architecture: Architecture;
  readonly network: NetworkConfig;
  readonly input: NetworkInput;
  /** Per channel, on the scale 0 to 1: x = (byte / 255 − mean) / std. */
  readonly normalisation: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly classNames: readonly string[];
  readonly dataset: { readonly id: string; readonly fingerprint: string };
  readonly batchNormEpsilon: number;
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly validationAccuracy: number;
  readonly testAccuracy: number | null;
  readonly seed: number;
}

const numbers = z.array(z.number()).max(64);
/** Checks a {@link WeightsManifest}: a file may come from anywhere. */
export const weightsManifestSchema = z.object({
  version: z.literal(1),
  name: z.string().max(500),
  architecture: architectureSchema,
  network: networkConfigSchema,
  input: z.object({ height: z.int().min(1), width: z.int().min(1), channels: z.int().min(1), classes: z.int().min(1) }),
  normalisation: z.object({ mean: numbers, std: numbers }),
  classNames: z.array(z.string().max(500)).max(100_000),
  dataset: z.object({ id: z.string().max(100), fingerprint: z.string().max(200) }),
  batchNormEpsilon: z.number(),
  parameters: z.number(),
  multiplyAdds: z.number(),
  validationAccuracy: z.number(),
  testAccuracy: z.number().nullable(),
  seed: z.number(),
});
