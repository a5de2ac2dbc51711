import { type Ref, ref, watch } from "vue";

export interface Keys {
  /** One key per list entry, in order. */
  readonly list: Ref<readonly number[]>;
  insert(at: number, key?: number): void;
  /** Returns the removed key. */
  remove(at: number): number | undefined;
  move(from: number, to: number): void;
}

/** Stable keys for list entries without an id, so that each keeps its element while others are added and removed. Must be told of every change; all keys are new when the list is replaced. */
export function useKeys(length: Ref<number>): Keys {
  let next = 0;
  const list = ref<readonly number[]>([]);
  const fresh = (): number => next++;
  watch(
    length,
    (now) => {
      if (now !== list.value.length) list.value = Array.from({ length: now }, (_, i) => list.value[i] ?? fresh());
    },
    { immediate: true, flush: "pre" },
  );
  return {
    list,
    insert(at, key = fresh()) {
      list.value = [...list.value.slice(0, at), key, ...list.value.slice(at)];
    },
    remove(at) {
      const gone = list.value[at];
      list.value = list.value.filter((_, i) => i !== at);
      return gone;
    },
    move(from, to) {
      const key = list.value[from];
      if (key === undefined) return;
      const rest = list.value.filter((_, i) => i !== from);
      list.value = [...rest.slice(0, to), key, ...rest.slice(to)];
    },
  };
}
