import type { Architecture, NetworkConfig, NetworkInput } from "../../../src-shared/domain/architecture/network.ts";

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
