import { momentsOf } from "../../../../src-shared/analysis/figures/moments.ts";
import { agreement, meansByCell } from "../../../../src-shared/analysis/figures/trained-cells.ts";
import type { Training } from "../../../../src-shared/domain/records/run.ts";
import type { RunRecord } from "../../../store/records/runs.ts";
import type { StoreReader } from "../../../store/store.ts";
import { pipelineCost } from "./pipeline-cost.ts";
import type { StageRuns } from "./pipeline-stages.ts";

/**
 * The results of a completed pipeline: the number of ranked cells, the winner with its size and accuracy on test images
 * (mean and sample standard deviation over repetitions), the shortlist ("GHN Top") against the random baseline, the hours that
 * search and trainings took, and the correlation of scores with generated weights and accuracies after training, with n.
 */
export function pipelineSummary(store: StoreReader, runs: StageRuns): RunRecord["summary"] {
  const of = (id: string | undefined): Training[] => (id === undefined ? [] : store.trainings.list(id));
  const allTrainings = [runs.compare, runs.final].reduce((sum, id) => sum + (id === undefined ? 0 : store.trainings.listAll(id).length), 0);
  const searchFacts = runs.search === undefined ? {} : (store.runs.record(runs.search)?.summary ?? {});
  const compared = of(runs.compare);
  const final = of(runs.final);
  const winner = final[0];
  const diverged = allTrainings - compared.length - final.length;
  const facts: Record<string, string | number | boolean | null> = {
    cellsRanked: searchFacts.cellsScored ?? null,
    ...(diverged === 0 ? {} : { divergedTrainings: diverged }),
    ...(winner === undefined
      ? {}
      : {
          winner: winner.name,
          winnerRunId: winner.runId,
          winnerParameters: winner.parameters,
          winnerMultiplyAdds: winner.multiplyAdds,
          winnerScore: winner.score,
        }),
  };
  const tested = final.flatMap((training) => (training.testAccuracy === null ? [] : [training.testAccuracy]));
  addMoments(facts, "testAccuracy", tested);
  addMoments(
    facts,
    "finalValidationAccuracy",
    final.map((training) => training.validationAccuracy),
  );
  const cells = meansByCell(compared);
  for (const [role, name] of [
    ["shortlist", "ghn"],
    ["random", "random"],
  ] as const) {
    const group = cells.filter((cell) => cell.first.role === role);
    addMoments(
      facts,
      `${name}ValidationAccuracy`,
      group.map((cell) => cell.mean),
    );
    addMoments(
      facts,
      `${name}TestAccuracy`,
      group.flatMap((cell) => cell.test ?? []),
    );
  }
  for (const { name, hours } of pipelineCost(store, runs)) facts[`${name}DeviceHours`] = hours;
  for (const method of ["pearson", "spearman", "kendall"] as const) {
    const { value, n, interval } = agreement(method, compared);
    facts[`${method}Correlation`] = value;
    facts[`${method}Low`] = interval?.[0] ?? null;
    facts[`${method}High`] = interval?.[1] ?? null;
    facts.correlationCells = n;
  }
  return facts;
}

/** Adds count, mean and sample standard deviation of the values; nothing when there are none. */
function addMoments(facts: Record<string, string | number | boolean | null>, name: string, values: readonly number[]): void {
  const moments = momentsOf(values);
  if (moments === null) return;
  facts[`${name}Count`] = moments.n;
  facts[`${name}Mean`] = moments.mean;
  facts[`${name}Deviation`] = moments.deviation;
}
