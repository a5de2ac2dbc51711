import { computed, type Ref, ref } from "vue";
import { type AnytimeArchitecture, type AnytimeNodeRef, MAX_ANYTIME_CELLS } from "../../../src-shared/domain/architecture/anytime.ts";
import { anytimeCellGraph } from "../../../src-shared/drawing/anytime-graph.ts";
import type { Direction, Layout } from "../../../src-shared/drawing/layout.ts";
import { useLayout } from "./use-layout.ts";

/** Position of an exit for drawing: its node, or null for networks without cells. */
export interface DrawnExit {
  readonly node: AnytimeNodeRef | null;
}

/** Layouts of the cells of an early-exit network, one for each possible cell; those of missing cells stay empty. */
export function useAnytimeLayouts(architecture: Ref<AnytimeArchitecture | null>, exits: Ref<readonly DrawnExit[]>): readonly Ref<Layout | null>[] {
  const direction = ref<Direction>("down");
  return Array.from({ length: MAX_ANYTIME_CELLS }, (_, cell) =>
    useLayout(
      computed(() => (architecture.value === null || cell >= architecture.value.cells.length ? null : anytimeCellGraph(architecture.value, cell, exits.value))),
      direction,
    ),
  );
}
