import { type ComputedRef, computed, onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import { useRoute, useRouter } from "vue-router";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { call, onEvent } from "../../../bridge/studio.ts";
import { withChange } from "../../../features/runs/run-changes.ts";
import { useConnection } from "../../../stores/connection.ts";
import { useRunColors } from "../../../stores/run-colors.ts";
import { MOST_RUNS, runsInQuery } from "./compare-data.ts";

export interface Comparison {
  readonly ids: ComputedRef<readonly string[]>;
  /** In the order of the URL, baseline first; runs that are still loading are omitted. */
  readonly runs: ComputedRef<readonly RunDetail[]>;
  readonly baseline: ComputedRef<string | null>;
  readonly missing: Ref<readonly string[]>;
  readonly loading: Ref<boolean>;
  add(runIds: readonly string[]): void;
  remove(runId: string): void;
  pin(runId: string): void;
}

/** The compared runs, identified in the URL so that a comparison can be bookmarked and survives a reload. */
export function useCompare(): Comparison {
  const route = useRoute();
  const router = useRouter();
  const colors = useRunColors();
  const known = shallowRef<ReadonlyMap<string, RunDetail>>(new Map());
  const missing = ref<readonly string[]>([]);
  const loading = ref(false);
  const named = computed(() => runsInQuery(route.query["runs"]));
  const baseline = computed(() =>
    typeof route.query["baseline"] === "string" && named.value.includes(route.query["baseline"]) ? route.query["baseline"] : (named.value[0] ?? null),
  );
  const idsKey = computed(() => [...(baseline.value === null ? [] : [baseline.value]), ...named.value.filter((id) => id !== baseline.value)].join());
  const ids = computed<readonly string[]>(() => (idsKey.value === "" ? [] : idsKey.value.split(",")));
  const runs = computed(() => ids.value.flatMap((id) => known.value.get(id) ?? []));

  function go(list: readonly string[], pinned: string | null): void {
    const { runs: _old, baseline: _base, ...rest } = route.query;
    void router.replace({
      name: "compare",
      query: { ...rest, ...(list.length === 0 ? {} : { runs: list.join(",") }), ...(pinned === null ? {} : { baseline: pinned }) },
    });
  }

  async function load(list: readonly string[], again: boolean): Promise<void> {
    const wanted = list.filter((id) => again || !known.value.has(id));
    if (wanted.length === 0) return;
    loading.value = true;
    const answers = await Promise.allSettled(wanted.map((runId) => call("runs.get", { runId })));
    const next = new Map(known.value);
    const lost: string[] = [];
    answers.forEach((answer, i) => {
      const id = wanted[i] ?? "";
      if (answer.status === "fulfilled") next.set(id, answer.value);
      else lost.push(id);
    });
    known.value = next;
    missing.value = [...new Set([...missing.value.filter((id) => !wanted.includes(id)), ...lost])];
    loading.value = false;
  }

  watch(
    ids,
    (list) => {
      colors.ensure(list);
      void load(list, false);
    },
    { immediate: true },
  );
  watch(
    () => useConnection().generation,
    () => load(ids.value, true),
  );
  onScopeDispose(
    onEvent("run.changed", (summary) => {
      const id = known.value.has(summary.id) ? summary.id : summary.parentId;
      const before = id === null ? undefined : known.value.get(id);
      if (id !== null && before !== undefined) known.value = new Map(known.value).set(id, withChange(before, summary));
    }),
  );

  return {
    ids,
    runs,
    baseline,
    missing,
    loading,
    add: (list) => go([...new Set([...named.value, ...list])].slice(0, MOST_RUNS), baseline.value),
    remove: (runId) =>
      go(
        named.value.filter((id) => id !== runId),
        baseline.value === runId ? null : baseline.value,
      ),
    pin: (runId) => go(named.value, runId),
  };
}
