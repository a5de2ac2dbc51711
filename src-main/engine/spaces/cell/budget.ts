import type { Architecture, NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { UserError } from "../../../lib/errors.ts";
import { buildPlan } from "./plan.ts";

/** A network of the size that a budget allows. */
export interface FittedNetwork {
  readonly initialChannels: number;
  readonly parameters: number;
  /** For one image; at most the budget. */
  readonly multiplyAdds: number;
}

/** Bounds of F, those of the config. */
const FEWEST = 4;
const MOST = 512;

/**
 * The largest F whose network stays within a budget of multiply-adds (paper, section 3.1.2: 600 million at 224 × 224). F is any whole
 * number from 4 to 512: no operation asks for channels that can be divided by something. Counts are those of the built network, which never fall when F
 * rises, so that halving the interval finds it in ten plans.
 *
 * @param network its initialChannels are left out of account
 * @param budget multiply-adds for one image
 * @throws UserError `budget-too-small` when even 4 channels need more
 */
export function fitChannels(architecture: Architecture, network: NetworkConfig, input: NetworkInput, budget: number): FittedNetwork {
  const at = (initialChannels: number): FittedNetwork => ({ initialChannels, ...buildPlan(architecture, { ...network, initialChannels }, input).counts });
  let best = at(FEWEST);
  if (best.multiplyAdds > budget)
    throw new UserError(
      `With ${FEWEST} channels, the fewest there can be, the network needs ${best.multiplyAdds.toLocaleString("en")} multiply-adds, more than the budget of ${budget.toLocaleString("en")}.`,
      { code: "budget-too-small", field: "network.multiplyAddBudget", remedy: "Raise the budget, use fewer blocks, or reduce the image earlier." },
    );
  let [low, high] = [FEWEST + 1, MOST];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const fitted = at(middle);
    if (fitted.multiplyAdds <= budget) {
      best = fitted;
      low = middle + 1;
    } else high = middle - 1;
  }
  return best;
}

/** The network that a cell gets: where a budget is named, with the F that it allows. @throws UserError as {@link fitChannels} */
export function fittedNetwork(architecture: Architecture, network: NetworkConfig, input: NetworkInput): NetworkConfig {
  if (network.multiplyAddBudget === undefined) return network;
  return { ...network, initialChannels: fitChannels(architecture, network, input, network.multiplyAddBudget).initialChannels };
}
