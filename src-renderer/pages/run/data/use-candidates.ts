import { useDebounceFn } from "@vueuse/core";
import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import type { Candidate } from "../../../../src-shared/domain/records/run.ts";
import { call, onEvent } from "../../../bridge/studio.ts";
import { useConnection } from "../../../stores/connection.ts";
import { subscribeRun } from "../../../stores/live-subscriptions.ts";
import { ranked } from "./ranking.ts";

export interface Candidates {
  /** Ordered by rank. */
  readonly list: Ref<readonly Candidate[]>;
  /** Total of the run; may exceed the number listed. */
  readonly total: Ref<number>;
  readonly loading: Ref<boolean>;
  readonly error: Ref<unknown>;
  reload(): Promise<void>;
}

const MOST = 20_000;

/** The candidates of a run, updated live as more are scored. */
export function useCandidates(runId: Ref<string | null>): Candidates {
  const list = shallowRef<readonly Candidate[]>([]);
  const total = ref(0);
  const loading = ref(false);
  const error = ref<unknown>(null);
  let known = new Map<number, Candidate>();
  let generation = 0;
  let release = (): void => undefined;

  const publish = (): void => {
    list.value = ranked([...known.values()]);
    total.value = Math.max(total.value, known.size);
  };
  const publishSoon = useDebounceFn(publish, 120, { maxWait: 240 });

  async function reload(): Promise<void> {
    const mine = ++generation;
    const id = runId.value;
    if (id === null) return;
    loading.value = true;
    try {
      const answer = await call("candidates.list", { runId: id, sort: "rank", limit: MOST });
      if (mine !== generation) return;
      const arrived = known;
      known = new Map(answer.rows.map((row) => [row.id, row]));
      for (const [key, value] of arrived) if (value.runId === id && !known.has(key)) known.set(key, value);
      total.value = answer.total;
      error.value = null;
      publish();
    } catch (cause) {
      if (mine === generation) error.value = cause;
    } finally {
      if (mine === generation) loading.value = false;
    }
  }

  watch(
    runId,
    (id) => {
      release();
      release = id === null ? () => undefined : subscribeRun(id);
      known = new Map();
      total.value = 0;
      list.value = [];
      void reload();
    },
    { immediate: true },
  );
  const stops = [
    onEvent("run.live", (event) => {
      if (event.runId !== runId.value || event.candidates.length === 0) return;
      for (const candidate of event.candidates) known.set(candidate.id, candidate);
      void publishSoon();
    }),
    onEvent("run.rewound", (event) => {
      if (event.runId !== runId.value) return;
      known = new Map();
      void reload();
    }),
    // Shortlist and baseline are selected at the end of a search.
    onEvent("run.changed", (run) => run.id === runId.value && run.status === "completed" && void reload()),
  ];
  watch(() => useConnection().generation, reload);
  onScopeDispose(() => {
    generation++;
    release();
    for (const stop of stops) stop();
  });
  return { list, total, loading, error, reload };
}
