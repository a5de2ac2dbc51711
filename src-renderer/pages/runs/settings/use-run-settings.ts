import { type Ref, shallowRef, watch } from "vue";
import { call } from "../../../bridge/studio.ts";
import type { RunSettings } from "./setting-columns.ts";

/** As many as one call answers. */
const MOST = 200;

/** The settings of the wanted runs. A config never changes, so each is loaded once; nothing is loaded while none are wanted. */
export function useRunSettings(wanted: Ref<readonly string[]>): Ref<ReadonlyMap<string, RunSettings>> {
  const known = shallowRef<ReadonlyMap<string, RunSettings>>(new Map());
  const asked = new Set<string>();

  watch(
    () => wanted.value.join(),
    async () => {
      const missing = wanted.value.filter((id) => !asked.has(id)).slice(0, MOST);
      if (missing.length === 0) return;
      for (const id of missing) asked.add(id);
      try {
        known.value = new Map([...known.value, ...Object.entries(await call("runs.settings", { runIds: missing }))]);
      } catch {
        // Asked again with the next change of the list.
        for (const id of missing) asked.delete(id);
      }
    },
    { immediate: true },
  );
  return known;
}
