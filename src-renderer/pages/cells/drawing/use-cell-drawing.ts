import { type ComputedRef, computed, type Ref } from "vue";
import { cellGraph, type Graph, withoutIdleInputs } from "../../../../src-shared/drawing/graph.ts";
import type { Direction, Layout } from "../../../../src-shared/drawing/layout.ts";
import type { DeskCell } from "../../../stores/cell-desk.ts";
import { useLayout } from "../../../widgets/graph/use-layout.ts";
import { networkGraph } from "./network-graph.ts";
import { type CellPart, drawnGraph, partOf } from "./pick.ts";
import { stackLayout } from "./stack.ts";

export const CELL_VIEWS = ["cell", "blocks", "network"] as const;
export type CellView = (typeof CELL_VIEWS)[number];

export interface CellDrawing {
  /** Layout of the selected view. */
  readonly layout: ComputedRef<Layout | null>;
  /** Both cells merged into one graph, if two are compared. */
  readonly union: ComputedRef<Graph | null>;
}

/** The drawing of the page: one cell, two merged cells, the blocks, or every node of the network. */
export function useCellDrawing(
  a: Ref<DeskCell | null>,
  b: Ref<DeskCell | null>,
  view: Ref<CellView>,
  part: Ref<CellPart>,
  direction: Ref<Direction>,
): CellDrawing {
  const union = computed(() =>
    a.value === null || b.value === null ? null : drawnGraph(partOf(a.value.architecture, part.value), partOf(b.value.architecture, part.value)),
  );
  const main = useLayout(
    computed(() => {
      if (a.value === null || view.value === "network") return null;
      if (view.value === "blocks") return networkGraph(a.value.architecture, a.value.network);
      return union.value ?? drawnGraph(partOf(a.value.architecture, part.value), null);
    }),
    direction,
  );
  const whole = (which: CellPart): ComputedRef<Graph | null> =>
    computed(() => {
      const cell = view.value === "network" ? a.value : null;
      if (cell === null || (which === "reduction" && cell.architecture.reduction === undefined)) return null;
      return withoutIdleInputs(cellGraph(partOf(cell.architecture, which)));
    });
  const down = computed((): Direction => "down");
  const normal = useLayout(whole("normal"), down);
  const reduction = useLayout(whole("reduction"), down);
  const stacked = computed(() => {
    const cell = a.value;
    if (cell === null || normal.value === null || (cell.architecture.reduction !== undefined && reduction.value === null)) return null;
    return stackLayout(normal.value, reduction.value, cell.network);
  });
  return { layout: computed(() => (view.value === "network" ? stacked.value : main.value)), union };
}
