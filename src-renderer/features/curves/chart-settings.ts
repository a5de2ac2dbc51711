import { computed, type WritableComputedRef } from "vue";
import { z } from "zod";
import { useSettings } from "../../stores/preferences/settings.ts";
import { X_KINDS } from "../../widgets/charts/options/chart-link.ts";
import type { LineSettings } from "../../widgets/charts/options/line-option.ts";

const schema = z.object({ x: z.enum(X_KINDS), smoothing: z.number().min(0).max(0.999), logX: z.boolean(), logY: z.boolean() });
const DEFAULTS: LineSettings = { x: "step", smoothing: 0.9, logX: false, logY: false };

/** Chart settings of the user, stored per page. */
export function useChartSettings(page: string): WritableComputedRef<LineSettings> {
  const stored = useSettings().setting(`ui.charts-${page}`, schema, DEFAULTS);
  return computed<LineSettings>({ get: () => stored.value, set: (value) => (stored.value = { ...value }) });
}
