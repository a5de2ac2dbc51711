import { shallowReactive } from "vue";

export const X_KINDS = ["step", "epoch", "wall", "active"] as const;
export type XKind = (typeof X_KINDS)[number];
export const X_TITLES: Readonly<Record<XKind, string>> = { step: "Step", epoch: "Epoch", wall: "Wall time", active: "Process time" };

/** State shared by the charts of a page: the visible range of x (null: everything, following new data) and the pointer position. */
export interface ChartLink {
  range: readonly [number, number] | null;
  hover: number | null;
  /** The chart being panned; meanwhile charts draw less detail and the others follow with a delay. */
  moving: string | null;
}

export function createLink(): ChartLink {
  return shallowReactive<ChartLink>({ range: null, hover: null, moving: null });
}
