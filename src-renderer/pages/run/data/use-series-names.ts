import { type Ref, watch } from "vue";
import { isAnytime } from "../../../../src-shared/domain/config/run-config.ts";
import type { RunDetail } from "../../../../src-shared/domain/records/run.ts";
import { call } from "../../../bridge/studio.ts";
import { useLoad } from "../../../lib/use-load.ts";
import type { Trainings } from "./use-trainings.ts";

/** Names of the networks of the series of a run: trained cells or early-exit networks. Empty for trainings that have not finished. */
export function useSeriesNames(run: Ref<RunDetail | null>, trainings: Trainings): (owner: string, series: number) => string {
  const { data: anytime, reload } = useLoad(async () =>
    run.value !== null && isAnytime(run.value.config) ? await call("anytime.trainings", { runId: run.value.id }) : [],
  );
  // A finished training changes the last value of the area.
  watch(
    () => [run.value?.id, run.value?.status, run.value?.metrics["anytime/area"]?.count, ...(run.value?.children ?? []).map((child) => child.status)].join(),
    reload,
    {
      immediate: true,
    },
  );
  return (owner, series) => {
    const known = [...(trainings.list.value ?? []), ...(anytime.value ?? [])];
    return known.filter((training) => training.runId === owner).sort((a, b) => a.id - b.id)[series]?.name ?? "";
  };
}
