import { onScopeDispose, type Ref, watch } from "vue";
import type { Training } from "../../../../src-shared/domain/records/run.ts";
import { call, onEvent } from "../../../bridge/studio.ts";
import { useLoad } from "../../../lib/use-load.ts";
import { useConnection } from "../../../stores/connection.ts";
import { subscribeRun } from "../../../stores/live-subscriptions.ts";

export interface Trainings {
  /** All of them, also those that diverged. */
  readonly list: Ref<readonly Training[] | null>;
  readonly error: Ref<unknown>;
  readonly loading: Ref<boolean>;
  reload(): Promise<void>;
}

/** Finished trainings of a run, including all stages of a pipeline, updated live. */
export function useTrainings(runId: Ref<string | null>, liveRunIds: Ref<readonly string[]>): Trainings {
  const { data, error, loading, reload } = useLoad<readonly Training[]>(async () =>
    runId.value === null ? [] : await call("trainings.list", { runId: runId.value }),
  );
  let releases: (() => void)[] = [];

  watch(
    runId,
    () => {
      data.value = null;
      void reload();
    },
    { immediate: true },
  );
  watch(
    () => liveRunIds.value.join(),
    () => {
      for (const release of releases) release();
      releases = liveRunIds.value.map(subscribeRun);
    },
    { immediate: true },
  );
  const stops = [
    onEvent("run.live", (event) => {
      if (event.trainings.length === 0 || !liveRunIds.value.includes(event.runId)) return;
      const next = new Map((data.value ?? []).map((training) => [training.id, training]));
      for (const training of event.trainings) next.set(training.id, training);
      data.value = [...next.values()];
    }),
    onEvent("run.rewound", ({ runId: id }) => liveRunIds.value.includes(id) && void reload()),
  ];
  watch(() => useConnection().generation, reload);
  onScopeDispose(() => {
    for (const release of releases) release();
    for (const stop of stops) stop();
  });
  return { list: data, error, loading, reload };
}
