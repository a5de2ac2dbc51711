import type { GhnConfig } from "../../../../src-shared/domain/config/run-config.ts";
import type { NetworkPlan, NodeRef, ParameterSlot, SlotRole } from "../../network/plan-types.ts";
import type { OutputHeadName, ParameterLayout } from "../../spaces/shared/network-family.ts";
import { kernelPosition, rowsOfSlot } from "./slices.ts";
import { weightScale } from "./weight-scale.ts";

/** Roles that have their own feature. 5×5 convolutions share that of 3×3: their kernel positions distinguish them. */
const ROLES: readonly SlotRole[] = ["stem", "bottleneck", "pointwise", "conv3x3", "conv1xk", "convkx1", "depthwise", "scale", "shift", "classifier", "bias"];
/** Roles that share the feature of another role. */
const SHARED_FEATURE: Readonly<Partial<Record<SlotRole, SlotRole>>> = { conv5x5: "conv3x3" };
/** A node's slots of one role have this many features; further slots share the last. */
const OCCURRENCES = 4;

/** A slot of one of the plans, and the pieces that make up its value. */
export interface Target {
  readonly plan: number;
  readonly slot: ParameterSlot;
  readonly pieces: Piece[];
}

/** Rows of one group that follow each other along the leading axes of a slot. */
export interface Piece {
  readonly group: RowGroup;
  /** Index among the pieces of the group. */
  readonly index: number;
  rows: number;
}

/** Settings of a GHN that matter to its decoder. */
export type DecoderSettings = Pick<GhnConfig, "generator" | "sharing" | "fanInNormalisation" | "scaleFeature">;

/** Whether every block has its own decoder. Baselines have one for all blocks. */
export function hasOwnDecoders({ generator, sharing }: Pick<DecoderSettings, "generator" | "sharing">): boolean {
  return generator === "graph" && sharing === "none";
}

/** Rows of one output head with one shape, over all blocks that share the decoder and all architectures: one matrix product. */
export interface RowGroup {
  /** Number of the decoder: 0, or that of the block whose own it is. */
  readonly set: number;
  readonly head: OutputHeadName;
  /** How raw values are squashed, if at all (eq. 17). */
  readonly squash: "scale" | "shift" | null;
  readonly sizes: readonly number[];
  /** Shape of one row as a part of a weight. */
  readonly shape: readonly number[];
  readonly pieces: Piece[];
  readonly rows: Row[];
}

interface Row {
  readonly owner: number;
  /** −1 if there is none. */
  readonly source: number;
  readonly features: readonly number[];
  readonly scale: number;
}

/** The part of decoding a set of plans that does not depend on values. Rows are in the order of the groups. */
export interface DecoderRows {
  readonly groups: readonly RowGroup[];
  readonly targets: readonly Target[];
  /** Number of rows. */
  readonly count: number;
  /** Number of rows of each decoder that has any, in the order of the groups. */
  readonly sets: readonly { readonly set: number; readonly rows: number }[];
  /** Owner and source of each row in turn, as node numbers; −1 for no source. */
  readonly nodes: Int32Array;
  /** Slot features of each row, [count, features] (docs/ghn.md, section 6). */
  readonly features: Float32Array;
  /** Weight scale s of each row, [count] (eq. 20). */
  readonly scales: Float32Array;
}

/** Length of the slot features: role × occurrence, image scale (if H sees it), kernel position. */
export function featureCount({ scales, kernelSide }: ParameterLayout, { scaleFeature }: Pick<DecoderSettings, "scaleFeature">): number {
  return ROLES.length * OCCURRENCES + (scaleFeature ? scales : 0) + kernelSide ** 2;
}

/** Cuts the slots of all plans into rows and groups these by output head and shape. */
export function decoderRows(plans: readonly NetworkPlan[], layout: ParameterLayout, settings: DecoderSettings): DecoderRows {
  const { fanInNormalisation, scaleFeature } = settings;
  const ownDecoders = hasOwnDecoders(settings);
  const positions = ROLES.length * OCCURRENCES + (scaleFeature ? layout.scales : 0);
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
        ROLES.indexOf(SHARED_FEATURE[slot.role] ?? slot.role) * OCCURRENCES + Math.min(occurrence, OCCURRENCES - 1),
        ...(scaleFeature ? [ROLES.length * OCCURRENCES + layout.scaleOf(plan, slot.owner)] : []),
      ];
      targets.push(
        addRows({ plan: p, slot, pieces: [] }, ownDecoders ? slot.owner.block : 0, groups, (r) => {
          const position = kernelPosition(slot.role, r, layout.kernelSide);
          return {
            owner: node(slot.owner),
            source: slot.parts?.[r] === undefined ? -1 : node(slot.parts[r].source),
            features: position < 0 ? common : [...common, positions + position],
            scale: weightScale(slot.role, slot.fanIn, fanInNormalisation),
          };
        }),
      );
    }
  });
  // Rows of one decoder follow each other. The sort keeps the order within a decoder.
  return flattened(
    [...groups.values()].sort((a, b) => a.set - b.set),
    targets,
    featureCount(layout, settings),
  );
}

/** Adds the rows of a slot to their group. */
function addRows(target: Target, set: number, groups: Map<string, RowGroup>, rowOf: (row: number) => Row): Target {
  const { head, rows } = rowsOfSlot(target.slot);
  rows.forEach(({ sizes, shape }, r) => {
    const key = `${set}/${head}/${sizes.join("x")}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { set, head, squash: head === "scale" || head === "shift" ? head : null, sizes, shape, pieces: [], rows: [] };
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
  const counts = new Map<number, number>();
  for (const group of groups) counts.set(group.set, (counts.get(group.set) ?? 0) + group.rows.length);
  return { groups, targets, count: rows.length, sets: [...counts].map(([set, count]) => ({ set, rows: count })), nodes, features, scales };
}
