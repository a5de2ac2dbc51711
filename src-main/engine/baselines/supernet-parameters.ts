import type { NetworkPlan, ParameterSlot } from "../network/plan-types.ts";

/** One parameter of the supernet. */
export interface SharedParameter {
  readonly key: string;
  readonly shape: readonly number[];
  readonly role: ParameterSlot["role"];
  readonly fanIn: number;
}

/** All parameters that some network uses. */
export function sharedParameters(covering: readonly NetworkPlan[]): SharedParameter[] {
  const found = new Map<string, SharedParameter>();
  for (const plan of covering) {
    for (const slot of plan.slots) {
      if (slot.parts === undefined) {
        const key = keyOf(plan, slot);
        found.set(key, { key, shape: slot.shape, role: slot.role, fanIn: slot.fanIn });
        continue;
      }
      // About half of the nodes of a random cell are leaves, so initial weights assume a fan-in of that many parts.
      const typicalParts = Math.max(1, Math.round(slot.parts.length / 2));
      for (const { source, channels } of slot.parts) {
        const key = partKey(plan, slot, source);
        const shape = slot.shape.map((length, axis) => (axis === slot.shape.length - 2 ? channels : length));
        found.set(key, { key, shape, role: slot.role, fanIn: slot.parts.length === 1 ? channels : channels * typicalParts });
      }
    }
  }
  return [...found.values()];
}

/** Slots of operation nodes have one parameter per operation; all others are shared by all cells. */
export function keyOf(plan: NetworkPlan, slot: ParameterSlot): string {
  return `${slot.id}@${typeOf(plan, slot.owner)}`;
}

/**
 * Key of the parameter that a slot which reads a concatenation has for one source.
 * @param source node of the same plan; sources of one position share a parameter, whatever their operation
 */
export function partKey(plan: NetworkPlan, slot: ParameterSlot, source: ParameterSlot["owner"]): string {
  // The index of the stem depends on the number of nodes, so the stem is identified by its type.
  const type = typeOf(plan, source);
  return `${slot.id}@${type === "stem" ? "stem" : `block${source.block}/node${source.node}`}`;
}

function typeOf(plan: NetworkPlan, { block, node }: ParameterSlot["owner"]): string {
  return plan.graph.blocks[block]?.nodes[node]?.type ?? "unknown";
}
