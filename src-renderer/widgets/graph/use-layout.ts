import { type Ref, shallowRef, watch } from "vue";
import type { Graph } from "../../../src-shared/drawing/graph.ts";
import { type Direction, type Layout, layout } from "../../../src-shared/drawing/layout.ts";
import { layoutEngine } from "./layout-engine.ts";

/** The layout of a changing graph; the old layout stays until the new one is ready. */
export function useLayout(graph: Ref<Graph | null>, direction: Ref<Direction>): Ref<Layout | null> {
  const placed = shallowRef<Layout | null>(null);
  let generation = 0;
  watch(
    [graph, direction],
    async ([value, way]) => {
      const mine = ++generation;
      const next = value === null ? null : await layout(value, way, layoutEngine);
      if (mine === generation) placed.value = next;
    },
    { immediate: true },
  );
  return placed;
}
