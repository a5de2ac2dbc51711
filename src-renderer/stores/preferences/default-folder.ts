import type { WritableComputedRef } from "vue";
import { z } from "zod";
import { useSettings } from "./settings.ts";

/** Folder in which new projects are made unless another is chosen; "" asks each time. */
export function useDefaultFolder(): WritableComputedRef<string> {
  return useSettings().setting("ui.project-folder", z.string().max(4096), "");
}
