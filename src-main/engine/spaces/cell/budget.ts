import type { Architecture, NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { channelsForBudget } from "../shared/channels-for-budget.ts";
import { buildPlan } from "./plan.ts";

/** The largest network within a budget. */
export interface FittedNetwork {
  readonly initialChannels: number;
  readonly parameters: number;
  /** For one image; at most the budget. */
  readonly multiplyAdds: number;
}

/** Bounds of F, as in the config. No operation requires F to be a multiple of some number. */
const BOUNDS = {
  least: 4,
  most: 512,
  field: "network.multiplyAddBudget",
  remedy: "Raise the budget, use fewer blocks, or reduce the image earlier.",
};

/**
 * The largest F whose network stays within a budget of multiply-adds (paper, section 3.1.2: 600 million at 224 × 224).
 *
 * @param network its `initialChannels` is ignored
 * @param budget multiply-adds for one image
 * @throws UserError `budget-too-small`
 */
export function fitChannels(architecture: Architecture, network: NetworkConfig, input: NetworkInput, budget: number): FittedNetwork {
  const counts = (initialChannels: number): FittedNetwork => ({ initialChannels, ...buildPlan(architecture, { ...network, initialChannels }, input).counts });
  return counts(channelsForBudget(budget, BOUNDS, (channels) => counts(channels).multiplyAdds));
}

/** The network config of an architecture, with the F that the budget allows if there is a budget. @throws UserError as {@link fitChannels} */
export function fittedNetwork(architecture: Architecture, network: NetworkConfig, input: NetworkInput): NetworkConfig {
  if (network.multiplyAddBudget === undefined) return network;
  return { ...network, initialChannels: fitChannels(architecture, network, input, network.multiplyAddBudget).initialChannels };
}
