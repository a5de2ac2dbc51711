import { onScopeDispose, type Ref, ref, shallowRef, watch } from "vue";
import { competingTrainings, meansByCell } from "../../../src-shared/analysis/figures/trained-cells.ts";
import type { Architecture } from "../../../src-shared/domain/architecture/network.ts";
import { usableTrainings } from "../../../src-shared/domain/records/divergence.ts";
import type { RunDetail, Training } from "../../../src-shared/domain/records/run.ts";
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

/**
 * The best trained cells of a run by mean validation accuracy over repetitions. Only trainings with the same protocol are compared: those of the last stage that
 * has any which did not diverge. Random cells compete only where there are no others.
 */
export function bestTrained(
  { id, children }: Pick<RunDetail, "id"> & { readonly children: readonly { readonly id: string }[] },
  trainings: readonly Training[],
): BestCell[] {
  const usable = usableTrainings(trainings);
  const stage = [id, ...children.map((child) => child.id)].findLast((runId) => usable.some((training) => training.runId === runId));
  return meansByCell(competingTrainings(usable.filter(({ runId }) => runId === stage)))
    .slice(0, SHOWN)
    .map(({ first, mean }) => ({
      key: `t${first.id}`,
      name: first.name,
      architecture: first.architecture,
      value: mean,
      measure: "Accuracy",
      parameters: first.parameters,
      multiplyAdds: first.multiplyAdds,
    }));
}

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
      const trained = bestTrained(run, await call("trainings.list", { runId: run.id }));
      if (trained.length > 0) return trained;
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
