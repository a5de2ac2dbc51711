import type { NetworkPlan, NodeRef, ParameterSlot, SlotRole } from "../../network/plan-types.ts";
import { type BranchName, piecesOf, tapOf, valueScale, type WeightSpace } from "./branches.ts";

/** Roles that are told apart. The taps of a 5×5 convolution are told apart by their places, those of a 3×3 being the ones in the middle. */
const ROLES: readonly SlotRole[] = ["stem", "bottleneck", "pointwise", "conv3x3", "conv1xk", "convkx1", "depthwise", "scale", "shift", "classifier", "bias"];
/** Whose feature a role takes that is not listed. */
const LIKE: Readonly<Partial<Record<SlotRole, SlotRole>>> = { conv5x5: "conv3x3" };
/** Slots of one role in one node that are told apart; further ones count as the last. */
const OCCURRENCES = 4;

/** A slot of one of the plans, and where its value is put together from. */
export interface Target {
  readonly plan: number;
  readonly slot: ParameterSlot;
  readonly pieces: Piece[];
}

/** Rows of one group that follow each other along a slot's leading axes. */
export interface Piece {
  readonly group: RowGroup;
  /** Position among the pieces of the group. */
  readonly index: number;
  rows: number;
}

/** Rows of one branch with one shape, over all blocks and architectures: one matrix product. */
export interface RowGroup {
  readonly branch: BranchName;
  /** Whether the values are squashed, and how. */
  readonly squash: "scale" | "shift" | null;
  readonly sizes: readonly number[];
  /** Of one row as a weight. */
  readonly shape: readonly number[];
  readonly pieces: Piece[];
  readonly rows: Row[];
}

interface Row {
  readonly owner: number;
  /** −1 where there is none. */
  readonly source: number;
  readonly features: readonly number[];
  readonly scale: number;
}

/** Everything about the decoding of some plans that does not depend on values. Rows are in the order of the groups. */
export interface DecoderRows {
  readonly groups: readonly RowGroup[];
  readonly targets: readonly Target[];
  readonly count: number;
  /** Owner and source of each row in turn, as numbers of nodes; −1 for no source. */
  readonly nodes: Int32Array;
  /** What tells the slots of a node apart, [count, features]. */
  readonly features: Float32Array;
  /** What the values of a row are multiplied by, [count]. */
  readonly scales: Float32Array;
}

/** Features of a row: one of role and occurrence, one of scale, and for taps one of the tap. */
export function featureCount({ scales, tapSide }: WeightSpace): number {
  return ROLES.length * OCCURRENCES + scales + tapSide ** 2;
}

/** Cuts the slots of all plans into rows and sorts these by branch and shape. */
export function decoderRows(plans: readonly NetworkPlan[], space: WeightSpace, fanInNormalisation: boolean): DecoderRows {
  const groups = new Map<string, RowGroup>();
  const targets: Target[] = [];
  let firstNode = 0;
  plans.forEach((plan, p) => {
    const firstNodes = plan.graph.blocks.map((block) => {
      firstNode += block.nodes.length;
      return firstNode - block.nodes.length;
    });
    const node = ({ block, node: index }: NodeRef): number => (firstNodes[block] ?? Number.NaN) + index;
    const seen = new Map<string, number>();
    for (const slot of plan.slots) {
      const key = `${slot.owner.block}/${slot.owner.node}/${slot.role}`;
      const occurrence = seen.get(key) ?? 0;
      seen.set(key, occurrence + 1);
      const common = [
        ROLES.indexOf(LIKE[slot.role] ?? slot.role) * OCCURRENCES + Math.min(occurrence, OCCURRENCES - 1),
        ROLES.length * OCCURRENCES + space.scaleOf(plan, slot.owner),
      ];
      targets.push(
        cut({ plan: p, slot, pieces: [] }, groups, (r) => {
          const tap = tapOf(slot.role, r, space.tapSide);
          return {
            owner: node(slot.owner),
            source: slot.parts?.[r] === undefined ? -1 : node(slot.parts[r].source),
            features: tap < 0 ? common : [...common, ROLES.length * OCCURRENCES + space.scales + tap],
            scale: valueScale(slot.role, slot.fanIn, fanInNormalisation),
          };
        }),
      );
    }
  });
  return flattened([...groups.values()], targets, featureCount(space));
}

/** Adds a slot's rows to their groups. */
function cut(target: Target, groups: Map<string, RowGroup>, rowOf: (row: number) => Row): Target {
  const { branch, rows } = piecesOf(target.slot);
  rows.forEach(({ sizes, shape }, r) => {
    const key = `${branch}/${sizes.join("x")}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { branch, squash: branch === "scale" || branch === "shift" ? branch : null, sizes, shape, pieces: [], rows: [] };
      groups.set(key, group);
    }
    group.rows.push(rowOf(r));
    const last = target.pieces.at(-1);
    if (last?.group === group) last.rows += 1;
    else {
      const piece = { group, index: group.pieces.length, rows: 1 };
      group.pieces.push(piece);
      target.pieces.push(piece);
    }
  });
  return target;
}

function flattened(groups: readonly RowGroup[], targets: readonly Target[], featuresPerRow: number): DecoderRows {
  const rows = groups.flatMap((group) => group.rows);
  const nodes = new Int32Array(2 * rows.length);
  const features = new Float32Array(rows.length * featuresPerRow);
  const scales = new Float32Array(rows.length);
  rows.forEach((row, r) => {
    nodes[2 * r] = row.owner;
    nodes[2 * r + 1] = row.source;
    for (const feature of row.features) features[r * featuresPerRow + feature] = 1;
    scales[r] = row.scale;
  });
  return { groups, targets, count: rows.length, nodes, features, scales };
}
