import type { AnytimeArchitecture, AnytimeModel } from "../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import { type AnytimeNetwork, anytimeNetworkSchema } from "../../../../src-shared/domain/config/anytime-config.ts";
import { channelsForBudget } from "../shared/channels-for-budget.ts";
import type { AnytimePlan } from "./exit-plan.ts";
import { buildAnytimePlan } from "./plan.ts";
import { buildMsdNet, buildResNet } from "./references.ts";

/** The plan of a model with several exits. `network` is used for cells only. */
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

const CHANNELS = anytimeNetworkSchema.shape.initialChannels.unwrap();
const BOUNDS = {
  least: CHANNELS.minValue ?? 2,
  most: CHANNELS.maxValue ?? 256,
  field: "training.multiplyAddBudget",
  remedy: "Raise the budget, or search among networks with fewer nodes.",
};

/**
 * The widest network within a budget: the largest F whose last exit needs at most this many multiply-adds (paper, appendix 5.3: filters are chosen so that the cost equals that
 * of the references).
 * @throws UserError `budget-too-small`
 */
export function fitAnytimeChannels(architecture: AnytimeArchitecture, input: NetworkInput, budget: number): AnytimeNetwork {
  return {
    initialChannels: channelsForBudget(budget, BOUNDS, (initialChannels) => buildAnytimePlan(architecture, { initialChannels }, input).counts.multiplyAdds),
  };
}
