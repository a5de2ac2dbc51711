import { type Ref, ref, watch } from "vue";

export interface Keys {
  /** One key for each entry of a list, in order. */
  readonly list: Ref<readonly number[]>;
  insert(at: number, key?: number): void;
  /** Answers the key that was taken away. */
  remove(at: number): number | undefined;
  move(from: number, to: number): void;
}

/** Keys for the entries of a list that have none of their own, so that each keeps its place in the page while others come and go. Told of every change; new ones where the list was replaced. */
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
