import { type Ref, shallowRef, watch } from "vue";
import { call } from "../../../bridge/studio.ts";
import { useConnection } from "../../../stores/connection.ts";
import type { RunSettings } from "./setting-columns.ts";

/** As many as one call answers. */
const MOST = 200;

/** The settings of the wanted runs. A config never changes, so each is loaded once; nothing is loaded while none are wanted. */
export function useRunSettings(wanted: Ref<readonly string[]>): Ref<ReadonlyMap<string, RunSettings>> {
  const known = shallowRef<ReadonlyMap<string, RunSettings>>(new Map());
  const asked = new Set<string>();

  async function load(runIds: readonly string[]): Promise<void> {
    for (const id of runIds) asked.add(id);
    try {
      const answer = await call("runs.settings", { runIds: [...runIds] });
      // Other answers may have arrived in the meantime.
      known.value = new Map([...known.value, ...Object.entries(answer)]);
    } catch {
      // Asked again with the next change of the list, and after reconnecting.
      for (const id of runIds) asked.delete(id);
    }
  }

  watch(
    [() => wanted.value.join(), () => useConnection().generation],
    () => {
      const missing = wanted.value.filter((id) => !asked.has(id));
      for (let i = 0; i < missing.length; i += MOST) void load(missing.slice(i, i + MOST));
    },
    { immediate: true },
  );
  return known;
}
