import type { Tensor, Tensor4D } from "../../../../src-main/engine/backend/index.ts";
import type { BuiltPlan } from "../../../../src-main/engine/network/program.ts";
import { TensorWeights } from "../../../../src-main/engine/network/weights.ts";
import type { Rng } from "../../../../src-main/engine/random.ts";
import { sampleCell } from "../../../../src-main/engine/spaces/cell/sampler.ts";
import type { Cell } from "../../../../src-shared/domain/architecture/cell.ts";
import { type Architecture, type NetworkConfig, type NetworkInput, networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS, type AnyOperationName } from "../../../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";
import { tensor } from "../../backend/support/check.ts";
import { type Dense, random } from "../../backend/support/reference.ts";
import { weightOf } from "./reference-network.ts";

/** Config of a small network; the schema's defaults are those of the paper. */
export function config(values: Partial<NetworkConfig> = {}): NetworkConfig {
  return networkConfigSchema.parse({ blocks: 2, initialChannels: 4, reductions: [1], ...values });
}

export const TINY: NetworkInput = { height: 6, width: 5, channels: 2, classes: 3 };

export function tinyImages(n = 3, input: NetworkInput = TINY): Dense {
  return random([n, input.height, input.width, input.channels], 1);
}

/** A cell with one node: the operation applied to the given input nodes. */
export function cellOf(operation: AnyOperationName, inputs: readonly number[]): Cell {
  return { nodes: [{ operation, inputs: [...inputs] }] };
}

/** A random cell of all operations, including the extra ones, sometimes with explicit outputs. */
function anyCell(rng: Rng, nodes: number): Cell {
  const cell = sampleCell(searchSpaceSchema.parse({ nodes, maxInputs: 3 }), rng);
  const mixed = cell.nodes.map((node) => ({ ...node, operation: rng.choice(ALL_OPERATIONS) }));
  return rng.bernoulli(0.3) ? { nodes: mixed, output: [2 + rng.int(nodes)] } : { nodes: mixed };
}

export function anyArchitecture(rng: Rng, nodes: number): Architecture {
  return rng.bernoulli(0.5) ? { normal: anyCell(rng, nodes) } : { normal: anyCell(rng, nodes), reduction: anyCell(rng, nodes) };
}

/** The weights that the slow reference uses. */
export function fixedWeights(plan: BuiltPlan): TensorWeights {
  const slots = [...plan.slots, ...plan.auxiliarySlots];
  return new TensorWeights(new Map(slots.map((slot) => [slot.id, tensor<Tensor>(weightOf(slot.id, slot.shape))])));
}

export function imagesOf(images: Dense): Tensor4D {
  return tensor<Tensor4D>(images);
}
