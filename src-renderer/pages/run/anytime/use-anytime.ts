import { useIntervalFn } from "@vueuse/core";
import { computed, type Ref, watch } from "vue";
import type { AnytimeCandidate, AnytimeTraining } from "../../../../src-shared/domain/records/anytime-records.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { call } from "../../../bridge/studio.ts";
import { isActive } from "../../../features/runs/run-actions.ts";
import { type Loading, useLoad } from "../../../lib/use-load.ts";

export interface AnytimeResults {
  readonly candidates: readonly AnytimeCandidate[];
  readonly trainings: readonly AnytimeTraining[];
}

/** Seconds between reloads while the run is running. */
const LOOK_MS = 4000;

/** Networks of a run with their curves; reloaded when a stage ends and periodically while one is running. */
export function useAnytime(run: Ref<RunDetail>): Loading<AnytimeResults> {
  const loading = useLoad<AnytimeResults>(async () => {
    const runId = run.value.id;
    const [candidates, trainings] = await Promise.all([call("anytime.candidates", { runId, limit: 1000 }), call("anytime.trainings", { runId })]);
    return { candidates, trainings };
  });
  const active = computed(() => isActive(run.value));
  watch(() => [run.value.id, run.value.status, ...run.value.children.map((child) => child.status)].join(), loading.reload, { immediate: true });
  useIntervalFn(() => active.value && !loading.loading.value && void loading.reload(), LOOK_MS);
  return loading;
}
