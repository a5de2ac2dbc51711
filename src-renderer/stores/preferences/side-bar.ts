import { useMediaQuery } from "@vueuse/core";
import { defineStore } from "pinia";
import { computed, ref, watch } from "vue";
import { z } from "zod";
import { useSettings } from "./settings.ts";

/** Windows up to this width, in CSS pixels, start with a collapsed side bar, which opens over the page. */
const NARROW = 900;

/** Whether the side bar shows icons only. Remembered for wide windows; a narrow window collapses it by default. */
export const useSideBar = defineStore("side-bar", () => {
  const stored = useSettings().setting("ui.side-bar-collapsed", z.boolean(), false);
  const narrow = useMediaQuery(`(max-width: ${NARROW}px)`);
  const open = ref(false);
  const collapsed = computed(() => (narrow.value ? !open.value : stored.value));
  watch(narrow, () => {
    open.value = false;
  });

  function toggle(): void {
    if (narrow.value) open.value = !open.value;
    else stored.value = !stored.value;
  }

  /** After navigation: a side bar that covers the page closes. */
  function close(): void {
    open.value = false;
  }

  return { collapsed, narrow, toggle, close };
});
