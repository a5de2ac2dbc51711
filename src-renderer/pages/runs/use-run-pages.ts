import { useDebounceFn } from "@vueuse/core";
import { type ComputedRef, computed, onScopeDispose, type Ref, ref, shallowRef, triggerRef, watch } from "vue";
import type { CallInput } from "../../../src-shared/contract.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import type { RunPage } from "../../../src-shared/domain/records/run-history.ts";
import { call, onEvent } from "../../bridge/studio.ts";
import { useConnection } from "../../stores/connection.ts";
import { nextPages, PAGE, type PageRequest } from "./page-requests.ts";

export type RunFilter = Omit<CallInput<"runs.query">, "offset" | "limit">;

export interface ListedRun {
  readonly run: RunSummary;
  /** 1 for a stage shown under its pipeline. */
  readonly depth: 0 | 1;
}

/** Reuses the row object of a summary, so that unchanged rows are not rendered again. */
const ROWS = [new WeakMap<RunSummary, ListedRun>(), new WeakMap<RunSummary, ListedRun>()] as const;
function rowOf(run: RunSummary, depth: 0 | 1): ListedRun {
  const known = ROWS[depth].get(run);
  if (known !== undefined) return known;
  const row = { run, depth };
  ROWS[depth].set(run, row);
  return row;
}

export interface RunPages {
  readonly count: ComputedRef<number>;
  readonly total: Ref<number>;
  readonly facts: Ref<Pick<RunPage, "counts" | "tags" | "metricNames" | "expressionError"> | null>;
  readonly error: Ref<unknown>;
  readonly loading: Ref<boolean>;
  /** Ids of the loaded rows that are not stages. */
  readonly loaded: ComputedRef<readonly string[]>;
  rowAt(index: number): ListedRun | undefined;
  want(from: number, to: number): void;
  reload(): Promise<void>;
  readonly expanded: Ref<ReadonlyMap<string, readonly RunSummary[]>>;
  toggle(run: RunSummary): Promise<void>;
}

/** The rows of a query, loaded in pages as they scroll into view, and updated by events. */
export function useRunPages(filter: Ref<RunFilter>): RunPages {
  const rows = shallowRef<(RunSummary | undefined)[]>([]);
  const total = ref(0);
  const facts = shallowRef<RunPages["facts"]["value"]>(null);
  const error = ref<unknown>(null);
  const loading = ref(false);
  const expanded = shallowRef<ReadonlyMap<string, readonly RunSummary[]>>(new Map());
  let generation = 0;
  let requested = new Set<number>();
  let range: readonly [number, number] = [0, 0];
  let down = true;
  let inFlight = 0;

  /** Stages shown below a row of the list, with the index of that row. */
  const inserted = computed(() =>
    [...expanded.value]
      .map(([id, children]) => ({ at: rows.value.findIndex((run) => run?.id === id), children }))
      .filter((entry) => entry.at >= 0)
      .sort((a, b) => a.at - b.at),
  );
  const count = computed(() => total.value + inserted.value.reduce((sum, entry) => sum + entry.children.length, 0));

  function locate(index: number): { top: number } | { child: RunSummary } {
    let shift = 0;
    for (const entry of inserted.value) {
      const first = entry.at + 1 + shift;
      if (index < first) break;
      const child = entry.children[index - first];
      if (child !== undefined) return { child };
      shift += entry.children.length;
    }
    return { top: index - shift };
  }

  function rowAt(index: number): ListedRun | undefined {
    const place = locate(index);
    if ("child" in place) return rowOf(place.child, 1);
    const run = rows.value[place.top];
    return run === undefined ? undefined : rowOf(run, 0);
  }

  async function fetchPages(request: PageRequest): Promise<void> {
    for (let page = request.first; page < request.first + request.count; page++) requested.add(page);
    const mine = generation;
    const offset = request.first * PAGE;
    inFlight++;
    loading.value = true;
    try {
      const answer = await call("runs.query", { ...filter.value, offset, limit: request.count * PAGE });
      if (mine !== generation) return;
      if (total.value !== answer.total || rows.value.length !== answer.total) {
        total.value = answer.total;
        rows.value.length = answer.total;
      }
      answer.rows.forEach((run, i) => {
        rows.value[offset + i] = run;
      });
      triggerRef(rows);
      facts.value = answer;
      error.value = null;
    } catch (cause) {
      if (mine === generation) {
        error.value = cause;
        for (let page = request.first; page < request.first + request.count; page++) requested.delete(page);
      }
    } finally {
      inFlight--;
      if (mine === generation) {
        loading.value = inFlight > 0;
        if (error.value === null) fetchMore();
      }
    }
  }

  /** Loads visible rows first, then nearby ones, first in the direction of scrolling. */
  function fetchMore(): void {
    while (inFlight < 2) {
      const next = nextPages({ range, down, pages: Math.max(1, Math.ceil(total.value / PAGE)), requested, ahead: inFlight === 0 });
      if (next === null) return;
      void fetchPages(next);
    }
  }

  function want(from: number, to: number): void {
    const first = locate(from);
    const last = locate(to);
    const before = range[0];
    range = ["top" in first ? first.top : range[0], "top" in last ? last.top : range[1]];
    if (range[0] !== before) down = range[0] > before;
    fetchMore();
  }

  /** Old rows stay until the new ones arrive, to avoid flicker. */
  async function reload(): Promise<void> {
    generation++;
    requested = new Set();
    const page = Math.floor(range[0] / PAGE);
    const keepUntil = generation;
    await fetchPages({ first: page, count: 1 });
    if (keepUntil !== generation) return;
    if (page * PAGE >= total.value && page > 0) await fetchPages({ first: 0, count: 1 });
    rows.value = rows.value.map((run, i) => (requested.has(Math.floor(i / PAGE)) ? run : undefined));
    want(range[0], range[1]);
  }

  async function toggle(run: RunSummary): Promise<void> {
    const next = new Map(expanded.value);
    if (!next.delete(run.id)) next.set(run.id, (await call("runs.get", { runId: run.id })).children);
    expanded.value = next;
  }

  const reloadSoon = useDebounceFn(() => void reload(), 400, { maxWait: 1500 });

  onScopeDispose(
    onEvent("run.changed", (run) => {
      const place = rows.value.findIndex((entry) => entry?.id === run.id);
      const before = rows.value[place];
      if (before !== undefined) {
        rows.value[place] = run;
        triggerRef(rows);
      }
      const siblings = run.parentId === null ? undefined : expanded.value.get(run.parentId);
      if (run.parentId !== null && siblings !== undefined) {
        const known = siblings.some((entry) => entry.id === run.id);
        expanded.value = new Map(expanded.value).set(run.parentId, known ? siblings.map((entry) => (entry.id === run.id ? run : entry)) : [...siblings, run]);
      }
      if (
        before === undefined
          ? run.parentId === null || siblings === undefined
          : before.status !== run.status || before.archived !== run.archived || before.trashedAt !== run.trashedAt
      )
        void reloadSoon();
    }),
  );
  onScopeDispose(onEvent("run.removed", () => void reloadSoon()));
  watch(() => useConnection().generation, reload);
  watch(filter, reload, { deep: true });

  const loaded = computed(() => rows.value.flatMap((run) => run?.id ?? []));

  return { loaded, count, total, facts, error, loading, rowAt, want, reload, expanded, toggle };
}
