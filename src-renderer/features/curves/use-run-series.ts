import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import type { EventMap } from "../../../src-shared/contract.ts";
import { call, onEvent } from "../../bridge/studio.ts";
import { useConnection } from "../../stores/connection.ts";
import { subscribeAgain, subscribeRun } from "../../stores/live-subscriptions.ts";
import type { XKind } from "../../widgets/charts/options/chart-link.ts";
import { append, refine, type SeriesData, seriesFrom, seriesKey, stepsInRange } from "../../widgets/charts/options/series.ts";

export interface RunSeries {
  readonly series: Ref<ReadonlyMap<string, SeriesData>>;
  /** Incremented with every change of the points. */
  readonly version: Ref<number>;
  readonly loading: Ref<boolean>;
  readonly error: Ref<unknown>;
  reload(): Promise<void>;
  /** Loads the full detail of thinned lines for the visible range of x. */
  look(kind: XKind, range: readonly [number, number]): Promise<void>;
}

const BUCKETS = 1000;

/**
 * Series of runs: loaded once (downsampled by the main process), then extended by live events. Events that arrive while the
 * load is in flight wait for it; known points are dropped, so that nothing is lost or duplicated.
 */
export function useRunSeries(runIds: Ref<readonly string[]>, names: Ref<readonly string[]>): RunSeries {
  const series = shallowRef<ReadonlyMap<string, SeriesData>>(new Map());
  const version = ref(0);
  const loading = ref(false);
  const error = ref<unknown>(null);
  const cursors = new Map<string, number>();
  let waiting: EventMap["run.live"][] | null = null;
  let generation = 0;
  let releases: (() => void)[] = [];
  /** The range of x for which detail was last loaded. */
  let seen: { readonly kind: XKind; readonly range: readonly [number, number] } | null = null;

  function take(event: Pick<EventMap["run.live"], "runId" | "metrics" | "cursor">): void {
    cursors.set(event.runId, event.cursor);
    let changed = false;
    for (const columns of event.metrics) {
      if (!names.value.includes(columns.name)) continue;
      const key = seriesKey(event.runId, columns.name, columns.series);
      const known = series.value.get(key);
      if (known === undefined) {
        series.value = new Map(series.value).set(key, seriesFrom(event.runId, columns, columns.step.length, false));
        changed = true;
      } else if (append(known, columns) > 0) changed = true;
    }
    if (changed) version.value++;
  }

  async function reload(): Promise<void> {
    const mine = ++generation;
    seen = null;
    const ids = [...runIds.value];
    if (ids.length === 0 || names.value.length === 0) {
      series.value = new Map();
      version.value++;
      return;
    }
    loading.value = true;
    waiting = [];
    try {
      const answers = await call("metrics.series", { runIds: ids, names: [...names.value], buckets: BUCKETS });
      if (mine !== generation) return;
      const next = new Map<string, SeriesData>();
      for (const answer of answers) {
        const data = seriesFrom(answer.runId, answer.columns, answer.totalPoints, answer.thinned);
        next.set(data.key, data);
        cursors.set(answer.runId, Math.min(cursors.get(answer.runId) ?? Number.POSITIVE_INFINITY, answer.cursor));
      }
      series.value = next;
      error.value = null;
      const held: EventMap["run.live"][] = waiting ?? [];
      waiting = null;
      held.forEach(take);
      version.value++;
    } catch (cause) {
      if (mine === generation) error.value = cause;
    } finally {
      if (mine === generation) {
        loading.value = false;
        waiting = null;
      }
    }
  }

  async function look(kind: XKind, range: readonly [number, number]): Promise<void> {
    const mine = generation;
    const width = range[1] - range[0];
    if (seen !== null && seen.kind === kind && seen.range[0] <= range[0] && seen.range[1] >= range[1] && seen.range[1] - seen.range[0] <= 3.01 * width) return;
    // A margin on both sides, so that panning a little does not cause a new request.
    const wide: readonly [number, number] = [range[0] - width, range[1] + width];
    seen = { kind, range: wide };
    for (const runId of runIds.value) {
      const thinned = [...series.value.values()].filter((data) => data.runId === runId && data.thinned);
      if (thinned.length === 0) continue;
      const ranges = thinned.map((data) => stepsInRange(data, kind, wide));
      const wanted = { fromStep: Math.min(...ranges.map(([from]) => from)), toStep: Math.max(...ranges.map(([, to]) => to)) };
      try {
        const answers = await call("metrics.series", {
          runIds: [runId],
          names: [...new Set(thinned.map((data) => data.name))],
          ...wanted,
          buckets: 2 * BUCKETS,
        });
        if (mine !== generation) return;
        let changed = false;
        for (const { columns } of answers) {
          const known = series.value.get(seriesKey(runId, columns.name, columns.series));
          if (known !== undefined && refine(known, columns)) changed = true;
        }
        if (changed) version.value++;
      } catch {
        // The coarse line stays; the next zoom tries again.
      }
    }
  }

  /** After a reconnection, loads only the points that were missed. */
  async function catchUp(): Promise<void> {
    subscribeAgain();
    for (const runId of runIds.value) {
      const cursor = cursors.get(runId);
      try {
        if (cursor === undefined) await reload();
        else {
          const missed = await call("metrics.since", { runId, cursor });
          take({ runId, metrics: missed.columns, cursor: missed.cursor });
        }
      } catch {
        await reload();
      }
    }
  }

  watch(
    [runIds, names],
    ([ids], before) => {
      const old = before[0];
      if (old !== undefined && old.join() === ids.join() && before[1]?.join() === names.value.join()) return;
      for (const release of releases) release();
      releases = ids.map(subscribeRun);
      cursors.clear();
      void reload();
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    generation++;
    for (const release of releases) release();
  });
  onScopeDispose(
    onEvent("run.live", (event) => {
      if (!runIds.value.includes(event.runId)) return;
      if (waiting !== null) waiting.push(event);
      else take(event);
    }),
  );
  onScopeDispose(
    onEvent("run.rewound", ({ runId }) => {
      if (runIds.value.includes(runId)) void reload();
    }),
  );
  watch(() => useConnection().generation, catchUp);
  return { series, version, loading, error, reload, look };
}
