import type { AnytimeArchitecture, AnytimeModel } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { type AnytimeNetwork, anytimeNetworkSchema } from "../../../../src-shared/domain/config/anytime-config.ts";
import { UserError } from "../../../lib/errors.ts";
import type { AnytimePlan } from "./exit-plan.ts";
import { buildAnytimePlan } from "./plan.ts";
import { buildMsdNet, buildResNet } from "./references.ts";

/** The plan of anything that answers at several exits. `network` matters to cells alone. */
export function planOfModel(model: AnytimeModel, network: AnytimeNetwork, input: NetworkInput): AnytimePlan {
  switch (model.kind) {
    case "cells":
      return buildAnytimePlan(model.architecture, network, input);
    case "msdnet":
      return buildMsdNet(model, input);
    case "resnet":
      return buildResNet(model, input);
  }
}

const FEWEST = anytimeNetworkSchema.shape.initialChannels.unwrap().minValue ?? 2;
const MOST = anytimeNetworkSchema.shape.initialChannels.unwrap().maxValue ?? 256;

/**
 * The widest network within a budget: the largest F whose last exit needs at most so many multiply-adds (paper, appendix 5.3: filters are chosen so that the cost is that of
 * the references). The order of the exits may change with F; the cost of the last never falls when F rises.
 * @throws UserError `budget-too-small`
 */
export function fitAnytimeChannels(architecture: AnytimeArchitecture, input: NetworkInput, budget: number): AnytimeNetwork {
  const cost = (initialChannels: number): number => buildAnytimePlan(architecture, { initialChannels }, input).counts.multiplyAdds;
  const least = cost(FEWEST);
  if (least > budget)
    throw new UserError(
      `With ${FEWEST} channels, the fewest there can be, the network needs ${least.toLocaleString("en")} multiply-adds, more than the budget of ${budget.toLocaleString("en")}.`,
      { code: "budget-too-small", field: "training.multiplyAddBudget", remedy: "Raise the budget, or search among networks with fewer nodes." },
    );
  let [low, high] = [FEWEST, MOST];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (cost(middle) <= budget) low = middle;
    else high = middle - 1;
  }
  return { initialChannels: low };
}
