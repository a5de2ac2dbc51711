import type { WritableComputedRef } from "vue";
import { z } from "zod";
import { useSettings } from "./settings.ts";

/** Default parent folder of new projects; "" means none. */
export function useDefaultFolder(): WritableComputedRef<string> {
  return useSettings().setting("ui.project-folder", z.string().max(4096), "");
}
