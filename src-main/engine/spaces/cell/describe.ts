import type { Architecture, NetworkConfig, NetworkInput } from "../../../../src-shared/domain/architecture/network.ts";
import type { CellDescription } from "../../../../src-shared/domain/records/architecture-facts.ts";
import { canonicalArchitecture } from "./canonical.ts";
import { buildPlan } from "./plan.ts";

/** Canonical form, counts and nodes of an architecture. The counts of the nodes add up to those of the network; they are zero for nodes that the logits do not depend on. */
export function describeArchitecture(architecture: Architecture, network: NetworkConfig, input: NetworkInput): CellDescription {
  const { counts, nodes } = buildPlan(architecture, network, input);
  return { architecture, canonical: canonicalArchitecture(architecture), ...counts, nodes };
}
