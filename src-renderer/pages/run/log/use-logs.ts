import { useDebounceFn } from "@vueuse/core";
import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import type { LogLine } from "../../../../src-shared/domain/records/run.ts";
import { call, onEvent } from "../../../bridge/studio.ts";
import { useConnection } from "../../../stores/connection.ts";
import { subscribeRun } from "../../../stores/live-subscriptions.ts";

export interface Logs {
  readonly lines: Ref<readonly LogLine[]>;
  readonly loading: Ref<boolean>;
  readonly error: Ref<unknown>;
  reload(): Promise<void>;
}

const PAGE = 5000;
/** Maximum number of lines in memory; the oldest are dropped. */
const MOST = 50_000;

/** Log lines of runs in order of time, updated live. */
export function useLogs(runIds: Ref<readonly string[]>): Logs {
  const lines = shallowRef<readonly LogLine[]>([]);
  const loading = ref(false);
  const error = ref<unknown>(null);
  const known = new Map<number, LogLine>();
  let generation = 0;
  let releases: (() => void)[] = [];

  const publish = (): void => {
    const sorted = [...known.values()].sort((a, b) => a.time.localeCompare(b.time) || a.id - b.id);
    for (const line of sorted.splice(0, Math.max(0, sorted.length - MOST))) known.delete(line.id);
    lines.value = sorted;
  };
  const publishSoon = useDebounceFn(publish, 100, { maxWait: 250 });

  async function reload(): Promise<void> {
    const mine = ++generation;
    loading.value = true;
    try {
      for (const runId of runIds.value) {
        let afterId = [...known.values()].reduce((last, line) => (line.runId === runId ? Math.max(last, line.id) : last), 0);
        for (;;) {
          const rows = await call("logs.list", { runId, afterId, limit: PAGE });
          if (mine !== generation) return;
          for (const row of rows) known.set(row.id, row);
          const last = rows.at(-1)?.id;
          if (rows.length < PAGE || last === undefined || last <= afterId || known.size >= MOST) break;
          afterId = last;
        }
      }
      error.value = null;
    } catch (cause) {
      if (mine === generation) error.value = cause;
    } finally {
      if (mine === generation) {
        loading.value = false;
        publish();
      }
    }
  }

  watch(
    () => runIds.value.join(),
    () => {
      for (const release of releases) release();
      releases = runIds.value.map(subscribeRun);
      for (const [id, line] of known) if (!runIds.value.includes(line.runId)) known.delete(id);
      void reload();
    },
    { immediate: true },
  );
  const stop = onEvent("run.live", (event) => {
    if (event.logs.length === 0 || !runIds.value.includes(event.runId)) return;
    for (const line of event.logs) known.set(line.id, line);
    void publishSoon();
  });
  watch(() => useConnection().generation, reload);
  onScopeDispose(() => {
    generation++;
    for (const release of releases) release();
    stop();
  });
  return { lines, loading, error, reload };
}
