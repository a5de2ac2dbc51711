import { defineStore } from "pinia";
import { computed } from "vue";
import { z } from "zod";
import { useSettings } from "./settings.ts";

const DENSITIES = ["comfortable", "compact"] as const;

/** Row height of tables. */
export const useDensity = defineStore("density", () => {
  const choice = useSettings().setting("ui.density", z.enum(DENSITIES), "comfortable");
  const rowHeight = computed(() => (choice.value === "compact" ? 28 : 34));
  return { choice, rowHeight };
});
