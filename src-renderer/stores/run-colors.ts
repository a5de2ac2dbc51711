import { defineStore } from "pinia";
import { z } from "zod";
import { useSettings } from "./preferences/settings.ts";

export const RUN_COLORS = 8;
const MAX_REMEMBERED = 400;

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
      const free = Array.from({ length: RUN_COLORS }, (_, i) => i).find((i) => !taken.has(i)) ?? taken.size % RUN_COLORS;
      delete next[runId];
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
