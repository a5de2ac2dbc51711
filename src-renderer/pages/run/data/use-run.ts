import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import type { EventMap } from "../../../../src-shared/contract.ts";
import type { RunDetail, RunProgress, RunSummary } from "../../../../src-shared/domain/records/run.ts";
import { call, onEvent } from "../../../bridge/studio.ts";
import { withArtifact, withChange } from "../../../features/runs/run-changes.ts";
import { useConnection } from "../../../stores/connection.ts";
import { subscribeRun } from "../../../stores/live-subscriptions.ts";

export type CurrentCell = NonNullable<EventMap["run.live"]["current"]>;

export interface RunState {
  readonly run: Ref<RunDetail | null>;
  readonly error: Ref<unknown>;
  readonly progress: Ref<RunProgress | null>;
  /** The cell being processed; null until the run reports one. */
  readonly current: Ref<CurrentCell | null>;
  reload(): Promise<void>;
}

/** A run with all details, kept up to date by events; reloaded when the id changes. */
export function useRun(runId: Ref<string | null>): RunState {
  const run = shallowRef<RunDetail | null>(null);
  const error = ref<unknown>(null);
  const progress = shallowRef<RunProgress | null>(null);
  const current = shallowRef<CurrentCell | null>(null);
  let generation = 0;
  let release = (): void => undefined;

  async function reload(): Promise<void> {
    const mine = ++generation;
    const id = runId.value;
    if (id === null) {
      run.value = null;
      return;
    }
    try {
      const detail = await call("runs.get", { runId: id });
      if (mine !== generation) return;
      run.value = detail;
      progress.value = detail.progress;
      error.value = null;
    } catch (cause) {
      if (mine === generation) error.value = cause;
    }
  }

  function changed(summary: RunSummary): void {
    const before = run.value;
    if (before === null) return;
    if (summary.id === before.id) progress.value = summary.progress;
    run.value = withChange(before, summary);
    // Final facts and artifacts are only part of the full run.
    if (summary.id === before.id && summary.status !== before.status) void reload();
  }

  watch(
    runId,
    (id) => {
      release();
      release = id === null ? () => undefined : subscribeRun(id);
      run.value = null;
      progress.value = null;
      current.value = null;
      error.value = null;
      void reload();
    },
    { immediate: true },
  );
  const stops = [
    onEvent("run.changed", changed),
    onEvent("artifact.added", (artifact) => {
      if (run.value !== null) run.value = withArtifact(run.value, artifact);
    }),
    onEvent("run.live", (event) => {
      if (event.runId !== runId.value) return;
      if (event.progress !== null) progress.value = event.progress;
      if (event.current !== null) current.value = event.current;
    }),
  ];
  watch(() => useConnection().generation, reload);
  onScopeDispose(() => {
    generation++;
    release();
    for (const stop of stops) stop();
  });
  return { run, error, progress, current, reload };
}
