import { defineStore } from "pinia";
import { computed, ref, type WritableComputedRef } from "vue";
import type { z } from "zod";
import { call } from "../../bridge/studio.ts";

type Json = z.input<ReturnType<typeof z.json>>;

/** User settings of the window. Stored by the main process; read once at start, saved with a short delay. */
export const useSettings = defineStore("settings", () => {
  const values = ref<Record<string, unknown>>({});
  const loaded = ref(false);
  const pending = new Map<string, ReturnType<typeof setTimeout>>();

  async function load(): Promise<void> {
    try {
      values.value = { ...(await call("settings.get", {})) };
    } catch {
      values.value = {};
    }
    loaded.value = true;
  }

  function set(key: string, value: Json): void {
    values.value = { ...values.value, [key]: value };
    clearTimeout(pending.get(key));
    pending.set(
      key,
      setTimeout(() => {
        pending.delete(key);
        call("settings.set", { key, value }).catch(() => undefined);
      }, 250),
    );
  }

  /** A setting as a ref; a stored value that does not match the schema counts as unset. */
  function setting<Schema extends z.ZodType>(key: string, schema: Schema, fallback: z.output<Schema>): WritableComputedRef<z.output<Schema>> {
    return computed({
      get: () => {
        const parsed = schema.safeParse(values.value[key]);
        return parsed.success ? parsed.data : fallback;
      },
      set: (value) => set(key, value as Json),
    });
  }

  return { values, loaded, load, set, setting };
});
