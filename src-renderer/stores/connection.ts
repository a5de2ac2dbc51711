import { defineStore } from "pinia";
import { ref } from "vue";
import type { Outage } from "../../src-shared/contract.ts";
import { studio } from "../bridge/studio.ts";

/** Connection state. `generation` counts reconnections; components reload their data when it changes. */
export const useConnection = defineStore("connection", () => {
  const connected = ref(true);
  /** Why the host cannot be used; null if it can. */
  const outage = ref<Outage | null>(null);
  const generation = ref(0);

  function watchBridge(): void {
    connected.value = studio().connected;
    outage.value = studio().outage;
    studio().onConnection((now) => {
      if (now && !connected.value) generation.value++;
      connected.value = now;
      outage.value = studio().outage;
    });
  }

  return { connected, outage, generation, watchBridge };
});
