import { defineStore } from "pinia";
import { z } from "zod";
import { useSettings } from "./preferences/settings.ts";

export const RUN_COLORS = 8;
const MAX_REMEMBERED = 400;

/** The free slot used by the fewest remembered runs, so that runs viewed one after the other rarely share one and do not need to change later. */
function leastUsed(slots: Readonly<Record<string, number>>, taken: ReadonlySet<number>): number {
  const counts = new Array<number>(RUN_COLORS).fill(0);
  for (const slot of Object.values(slots)) counts[slot] = (counts[slot] ?? 0) + 1;
  const all = counts.map((_, slot) => slot);
  const free = all.filter((slot) => !taken.has(slot));
  return (free.length > 0 ? free : all).reduce((best, slot) => ((counts[slot] ?? 0) < (counts[best] ?? 0) ? slot : best));
}

/** A colour, dash and marker for each run, the same on every page. Slots are stored with the settings. */
export const useRunColors = defineStore("run-colors", () => {
  const slots = useSettings().setting(
    "ui.run-colors",
    z.record(
      z.string(),
      z
        .int()
        .min(0)
        .max(RUN_COLORS - 1),
    ),
    {},
  );

  /** Assigns a slot to every run; runs shown together get different ones while there are enough. */
  function ensure(runIds: readonly string[]): void {
    const next: Record<string, number> = { ...slots.value };
    const taken = new Set<number>();
    let changed = false;
    for (const runId of runIds) {
      const slot = next[runId];
      if (slot !== undefined && !taken.has(slot)) {
        taken.add(slot);
        continue;
      }
      delete next[runId];
      const free = leastUsed(next, taken);
      next[runId] = free;
      taken.add(free);
      changed = true;
    }
    if (changed) slots.value = Object.fromEntries(Object.entries(next).slice(-MAX_REMEMBERED));
  }

  function slot(runId: string): number {
    return slots.value[runId] ?? 0;
  }

  function has(runId: string): boolean {
    return slots.value[runId] !== undefined;
  }

  return { ensure, slot, has };
});
