import { onScopeDispose, type Ref, ref, shallowRef } from "vue";

export interface Loading<T> {
  readonly data: Ref<T | null>;
  readonly error: Ref<unknown>;
  readonly loading: Ref<boolean>;
  reload(): Promise<void>;
}

/** Loads data asynchronously. Keeps the old data while loading, and drops responses that are out of date. */
export function useLoad<T>(load: () => Promise<T>): Loading<T> {
  const data = shallowRef<T | null>(null);
  const error = ref<unknown>(null);
  const loading = ref(false);
  let generation = 0;

  async function reload(): Promise<void> {
    const mine = ++generation;
    loading.value = true;
    try {
      const value = await load();
      if (mine !== generation) return;
      data.value = value;
      error.value = null;
    } catch (cause) {
      if (mine === generation) error.value = cause;
    } finally {
      if (mine === generation) loading.value = false;
    }
  }

  onScopeDispose(() => {
    generation++;
  });
  return { data, error, loading, reload };
}
