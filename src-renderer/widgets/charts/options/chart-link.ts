import { shallowReactive } from "vue";

export const X_KINDS = ["step", "epoch", "wall", "active"] as const;
export type XKind = (typeof X_KINDS)[number];
export const X_TITLES: Readonly<Record<XKind, string>> = { step: "Step", epoch: "Epoch", wall: "Wall time", active: "Process time" };

/** What charts of one page share: the part of x in view (null: all, and following), and where the pointer is. */
export interface ChartLink {
  range: readonly [number, number] | null;
  hover: number | null;
  /** The chart that is being panned: while it moves, charts draw less and the others follow at a distance. */
  moving: string | null;
}

export function createLink(): ChartLink {
  return shallowReactive<ChartLink>({ range: null, hover: null, moving: null });
}
