import { GraphHyperNetwork } from "../../../../src-main/engine/ghn/graph-hypernetwork.ts";
import type { BuiltPlan } from "../../../../src-main/engine/network/program.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import { cellFamily } from "../../../../src-main/engine/spaces/cell/network-family.ts";
import { buildPlan } from "../../../../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../../../../src-main/engine/spaces/cell/sampler.ts";
import type { Cell } from "../../../../src-shared/domain/architecture/cell.ts";
import { type NetworkConfig, type NetworkInput, networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";
import { type GhnConfig, ghnConfigSchema } from "../../../../src-shared/domain/config/run-config.ts";

export const INPUT: NetworkInput = { height: 8, width: 8, channels: 1, classes: 3 };

export function networkConfig(values: Partial<NetworkConfig> = {}): NetworkConfig {
  return networkConfigSchema.parse({ blocks: 3, initialChannels: 4, reductions: [1, 2], ...values });
}

/** A narrow GHN; the schema's defaults are the paper's. */
export function ghnConfig(values: Partial<GhnConfig> = {}): GhnConfig {
  return ghnConfigSchema.parse({ hiddenSize: 6, messageHiddenSize: 5, decoderHiddenSize: 8, propagationSteps: 2, ...values });
}

export function createSmall(values: Partial<GhnConfig> = {}, network = networkConfig(), seed = 1): GraphHyperNetwork {
  return new GraphHyperNetwork(ghnConfig(values), cellFamily(network, INPUT), Rng.fromSeed(seed, "ghn-init"));
}

export function randomCell(seed: string, nodes: number): Cell {
  return sampleCell(searchSpaceSchema.parse({}), Rng.fromSeed(seed, "cells"), nodes);
}

/** One node for each operation, including those of published cells. */
export function everyOperation(): Cell {
  return { nodes: ALL_OPERATIONS.map((operation, i) => ({ operation, inputs: i === 0 ? [0, 1] : [i % 2] })) };
}

export function planOf(normal: Cell, network = networkConfig(), reduction?: Cell): BuiltPlan {
  return buildPlan(reduction === undefined ? { normal } : { normal, reduction }, network, INPUT);
}
