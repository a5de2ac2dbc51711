import { type ComputedRef, computed } from "vue";
import { useRoute, useRouter } from "vue-router";
import { type DeskCell, useCellDesk } from "../../stores/cell-desk.ts";

export interface CellSlots {
  readonly a: ComputedRef<DeskCell | null>;
  readonly b: ComputedRef<DeskCell | null>;
  choose(slot: "a" | "b", id: string | null): void;
  swap(): void;
}

/** The one or two cells shown by the page, identified in its URL; defaults to the most recent cell. */
export function useCellSlots(): CellSlots {
  const route = useRoute();
  const router = useRouter();
  const desk = useCellDesk();
  const named = (value: unknown): DeskCell | null => (typeof value === "string" ? desk.take(value) : null);
  const a = computed(() => named(route.query["a"]) ?? desk.cells.at(-1) ?? null);
  const b = computed(() => {
    const cell = named(route.query["b"]);
    return cell?.id === a.value?.id ? null : cell;
  });

  function go(first: string | null, second: string | null): void {
    void router.replace({ name: "cells", query: { ...(first === null ? {} : { a: first }), ...(second === null ? {} : { b: second }) } });
  }

  return {
    a,
    b,
    choose: (slot, id) => (slot === "a" ? go(id, b.value?.id ?? null) : go(a.value?.id ?? null, id)),
    swap: () => b.value !== null && go(b.value.id, a.value?.id ?? null),
  };
}
