import type { GhnConfig } from "../../../src-shared/domain/config/run-config.ts";
import type { NetworkFamily, ParameterLayout } from "../spaces/shared/network-family.ts";
import { decoderSpecs } from "./decoder/decoder-specs.ts";
import type { ParameterSpec } from "./decoder/parameter-spec.ts";
import { embeddingSpec, gnnSpecs } from "./gnn-parameters.ts";

/** All parameters of a hypernetwork, in the order of its file: those of its embedding, then those of the decoder. */
export function hypernetworkSpecs(config: GhnConfig, layout: ParameterLayout, own: readonly ParameterSpec[]): ParameterSpec[] {
  return [...own, ...decoderSpecs({ embedding: config.hiddenSize, hidden: config.decoderHiddenSize }, layout, config)];
}

/** Embedding and GNN of a GHN: one of each for all blocks, or one for each block, as `sharing` says. */
export function graphSpecs(config: GhnConfig, { layout, encoding }: NetworkFamily): ParameterSpec[] {
  const { hiddenSize, sharing } = config;
  return [embeddingSpec(hiddenSize, encoding.entries, sharing === "none" ? layout.blocks : null), ...gnnSpecs(config, sharing === "all" ? 1 : layout.blocks)];
}
