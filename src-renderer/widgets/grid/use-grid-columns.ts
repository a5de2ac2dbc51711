import { columnOrderingFeature, columnPinningFeature, columnSizingFeature, columnVisibilityFeature, tableFeatures, useTable } from "@tanstack/vue-table";
import { type ComputedRef, computed, type Ref } from "vue";
import type { GridColumn, GridState } from "./grid.ts";

export interface ShownColumn extends GridColumn {
  readonly pinned: boolean;
  /** Distance from the left edge, for pinned columns. */
  readonly start: number;
}

const features = tableFeatures({ columnOrderingFeature, columnPinningFeature, columnSizingFeature, columnVisibilityFeature });

/** The visible columns from left to right. The table instance has no rows, since rows are virtualised elsewhere. */
export function useGridColumns(columns: Ref<readonly GridColumn[]>, state: Ref<GridState>): ComputedRef<ShownColumn[]> {
  const byId = computed(() => new Map(columns.value.map((column) => [column.id, column])));
  const table = useTable({
    features,
    data: computed((): readonly object[] => []),
    columns: computed(() => columns.value.map((column) => ({ id: column.id, size: column.width, minSize: 40, maxSize: 1200 }))),
    state: computed(() => ({
      columnOrder: state.value.order,
      columnVisibility: Object.fromEntries(state.value.hidden.map((id) => [id, false])),
      columnPinning: { start: state.value.pinned.filter((id) => byId.value.has(id)), end: [] },
      columnSizing: state.value.widths,
    })),
  });
  return computed(() => {
    const known = byId.value;
    const shown: ShownColumn[] = [];
    let start = 0;
    for (const pinned of [true, false])
      for (const column of pinned ? table.getStartVisibleLeafColumns() : table.getCenterVisibleLeafColumns()) {
        const own = known.get(column.id);
        if (own === undefined) continue;
        const width = state.value.widths[own.id] ?? own.width;
        shown.push({ ...own, width, pinned, start });
        start += width;
      }
    return shown;
  });
}
