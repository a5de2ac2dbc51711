import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { ACTIVE_STATUSES, type RunSummary } from "../../src-shared/domain/records/run.ts";
import { call, onEvent } from "../bridge/studio.ts";

/** Queued and running runs, shown in the side bar on every page. */
export const useActiveRuns = defineStore("active-runs", () => {
  const byId = ref(new Map<string, RunSummary>());
  let listening = false;

  const list = computed(() =>
    [...byId.value.values()].sort((a, b) => Number(a.queuePosition ?? -1) - Number(b.queuePosition ?? -1) || a.createdAt.localeCompare(b.createdAt)),
  );
  const running = computed(() => list.value.filter((run) => run.status !== "queued"));
  const queued = computed(() => list.value.filter((run) => run.status === "queued"));

  function take(run: RunSummary): void {
    const next = new Map(byId.value);
    if (ACTIVE_STATUSES.includes(run.status) && run.trashedAt === null) next.set(run.id, run);
    else next.delete(run.id);
    byId.value = next;
  }

  async function load(): Promise<void> {
    if (!listening) {
      listening = true;
      onEvent("run.changed", take);
      onEvent("run.removed", ({ runId }) => {
        const next = new Map(byId.value);
        next.delete(runId);
        byId.value = next;
      });
    }
    const page = await call("runs.query", { status: [...ACTIVE_STATUSES], limit: 200 });
    byId.value = new Map(page.rows.map((run) => [run.id, run]));
  }

  function clear(): void {
    byId.value = new Map();
  }

  return { list, running, queued, load, clear };
});
