import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import type { RunKind } from "../../../../src-shared/domain/config/run-config.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { call } from "../../../bridge/studio.ts";

const MOST = 200;
const AT_ONCE = 8;

export interface ManyRuns {
  readonly runs: Ref<readonly RunDetail[]>;
  readonly total: Ref<number>;
  readonly loading: Ref<boolean>;
  readonly error: Ref<unknown>;
  reload(): Promise<void>;
}

/** The newest runs of one kind with their configs, up to two hundred. */
export function useManyRuns(kind: Ref<RunKind>, search: Ref<string>): ManyRuns {
  const runs = shallowRef<readonly RunDetail[]>([]);
  const total = ref(0);
  const loading = ref(false);
  const error = ref<unknown>(null);
  let generation = 0;

  async function reload(): Promise<void> {
    const mine = ++generation;
    loading.value = true;
    try {
      const page = await call("runs.query", { kind: [kind.value], search: search.value, limit: MOST });
      const found: RunDetail[] = [];
      for (let i = 0; i < page.rows.length && mine === generation; i += AT_ONCE)
        found.push(...(await Promise.all(page.rows.slice(i, i + AT_ONCE).map(({ id }) => call("runs.get", { runId: id })))));
      if (mine !== generation) return;
      runs.value = found;
      total.value = page.total;
      error.value = null;
    } catch (cause) {
      if (mine === generation) error.value = cause;
    } finally {
      if (mine === generation) loading.value = false;
    }
  }

  watch([kind, search], reload, { immediate: true });
  onScopeDispose(() => {
    generation++;
  });
  return { runs, total, loading, error, reload };
}
