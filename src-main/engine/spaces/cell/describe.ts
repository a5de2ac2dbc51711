import type { Architecture, NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { CellDescription, NodeDescription } from "../../../../src-shared/domain/records/architecture-facts.ts";
import type { BuiltPlan } from "../../network/program.ts";
import { canonicalArchitecture } from "./canonical.ts";
import { buildPlan } from "./plan.ts";

/**
 * Shape, parameters and multiply-adds of every node: the stem first, then the nodes of each block in order, the classifier
 * last. The parameters of all entries sum up to the network's, and so do the multiply-adds. Nodes that the logits do not
 * depend on have none.
 */
function describePlan(plan: BuiltPlan): readonly NodeDescription[] {
  return plan.nodes;
}

/** Everything that can be said of an architecture without computing it. */
export function describeArchitecture(architecture: Architecture, network: NetworkConfig, input: NetworkInput): CellDescription {
  const plan = buildPlan(architecture, network, input);
  return { architecture, canonical: canonicalArchitecture(architecture), ...plan.counts, nodes: describePlan(plan) };
}
