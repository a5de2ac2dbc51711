import { usePreferredDark } from "@vueuse/core";
import { defineStore } from "pinia";
import { computed, watchEffect } from "vue";
import { z } from "zod";
import { useSettings } from "./settings.ts";

const THEMES = ["system", "light", "dark"] as const;

export const useTheme = defineStore("theme", () => {
  const choice = useSettings().setting("ui.theme", z.enum(THEMES), "system");
  const systemDark = usePreferredDark();
  const dark = computed(() => choice.value === "dark" || (choice.value === "system" && systemDark.value));

  function apply(): void {
    watchEffect(() => {
      document.documentElement.dataset.theme = dark.value ? "dark" : "light";
    });
  }

  function next(): void {
    choice.value = choice.value === "system" ? "light" : choice.value === "light" ? "dark" : "system";
  }

  return { choice, dark, apply, next };
});
