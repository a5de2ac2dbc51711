import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import { usableTrainings } from "../../../src-shared/domain/records/divergence.ts";
import type { RunDetail } from "../../../src-shared/domain/records/run.ts";
import { call } from "../../bridge/studio.ts";
import { searchRunOf } from "../../features/runs/run-changes.ts";

export interface BestCell {
  readonly key: string;
  readonly name: string;
  readonly architecture: Architecture;
  readonly value: number | null;
  /** Name of the value. */
  readonly measure: "Accuracy" | "Score";
  readonly parameters: number;
  readonly multiplyAdds: number;
}

const SHOWN = 5;

/** The best cells of each run: by accuracy if cells were trained, else by score. */
export function useBestCells(runs: Ref<readonly RunDetail[]>): {
  readonly cells: Ref<ReadonlyMap<string, readonly BestCell[]>>;
  readonly loading: Ref<boolean>;
} {
  const cells = shallowRef<ReadonlyMap<string, readonly BestCell[]>>(new Map());
  const loading = ref(false);
  let generation = 0;

  async function bestOf(run: RunDetail): Promise<readonly BestCell[]> {
    if (run.kind === "cell-training" || run.kind === "pipeline") {
      const trainings = usableTrainings(await call("trainings.list", { runId: run.id }))
        .sort((a, b) => b.validationAccuracy - a.validationAccuracy)
        .slice(0, SHOWN);
      if (trainings.length > 0)
        return trainings.map((training) => ({
          key: `t${training.id}`,
          name: training.name,
          architecture: training.architecture,
          value: training.validationAccuracy,
          measure: "Accuracy",
          parameters: training.parameters,
          multiplyAdds: training.multiplyAdds,
        }));
    }
    const runId = searchRunOf(run);
    if (runId === null) return [];
    const { rows } = await call("candidates.list", { runId, sort: "rank", limit: SHOWN });
    return rows.map((candidate) => ({
      key: `c${candidate.id}`,
      name: candidate.name,
      architecture: candidate.architecture,
      value: candidate.score,
      measure: "Score",
      parameters: candidate.parameters,
      multiplyAdds: candidate.multiplyAdds,
    }));
  }

  watch(
    () => runs.value.map((run) => `${run.id}:${run.status}:${run.children.length}`).join(),
    async () => {
      const mine = ++generation;
      loading.value = true;
      for (const run of runs.value) {
        const found = await bestOf(run).catch((): readonly BestCell[] => []);
        if (mine !== generation) return;
        cells.value = new Map(cells.value).set(run.id, found);
      }
      loading.value = false;
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    generation++;
  });
  return { cells, loading };
}
