import { defineStore } from "pinia";
import { ref } from "vue";
import { studio } from "../bridge/studio.ts";

/** Connection state. `generation` counts reconnections; components reload their data when it changes. */
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
