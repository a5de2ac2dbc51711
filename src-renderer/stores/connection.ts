import { defineStore } from "pinia";
import { ref } from "vue";
import { studio } from "../bridge/studio.ts";

/** Whether events arrive. `generation` counts reconnections: whoever shows data loads it again when it changes. */
export const useConnection = defineStore("connection", () => {
  const connected = ref(true);
  const generation = ref(0);

  function watchBridge(): void {
    connected.value = studio().connected;
    studio().onConnection((now) => {
      if (now && !connected.value) generation.value++;
      connected.value = now;
    });
  }

  return { connected, generation, watchBridge };
});
