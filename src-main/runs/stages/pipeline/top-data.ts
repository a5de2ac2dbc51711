import { agreement, meansByCell } from "../../../../src-shared/analysis/figures/trained-cells.ts";
import { analyseTop, type TopData, type TopResult } from "../../../../src-shared/analysis/study/top-report.ts";
import type { CellTraining } from "../../../../src-shared/domain/config/run-config.ts";
import type { Training } from "../../../../src-shared/domain/records/run.ts";
import { UserError } from "../../../lib/errors.ts";
import type { StoreReader } from "../../../store/store.ts";
import { stagesByKey } from "../stages.ts";
import { pipelineCost } from "./pipeline-cost.ts";

/**
 * Results of a pipeline for GHN Top, Random and GHN Top-Best, read from the store, as far as its stages are done.
 * @throws UserError if the run is not a pipeline
 */
export function analysedTop(store: StoreReader, runId: string): TopResult {
  const run = store.runs.get(runId);
  const facts = store.runs.record(runId);
  if (run === null || facts?.config.kind !== "pipeline")
    throw new UserError(`The run ${run?.name ?? runId} is not a pipeline.`, {
      code: "run-kind",
      remedy: "Choose a pipeline; `ghn-studio runs` lists all runs.",
    });
  const { config } = facts;
  const stages = stagesByKey(store.runs.children(runId));
  const trainings = (stage: string): Training[] => {
    const child = stages.get(stage);
    return child === undefined ? [] : store.trainings.list(child.id);
  };
  const final = trainings("final");
  const diverged = ["compare", "final"]
    .flatMap((stage) => store.trainings.listAll(stages.get(stage)?.id ?? ""))
    .filter(({ divergence }) => divergence !== undefined);
  const [winner] = final;
  const search = config.search;
  const ghnFacts = store.runs.record(stages.get("ghn")?.id ?? "");
  const data: TopData = {
    title: `GHN Top against Random: ${run.name}`,
    cells: meansByCell(trainings("compare")).map(({ first, mean, test }) => ({
      name: first.name,
      group: first.role === "random" ? "random" : "top",
      score: first.score,
      accuracy: mean,
      test,
      parameters: first.parameters,
      multiplyAdds: first.multiplyAdds,
    })),
    agreement: agreement("spearman", trainings("compare")),
    best:
      winner === undefined
        ? null
        : {
            name: winner.name,
            parameters: winner.parameters,
            multiplyAdds: winner.multiplyAdds,
            validation: final.map((training) => training.validationAccuracy),
            test: final.flatMap((training) => training.testAccuracy ?? []),
          },
    cost: pipelineCost(store, Object.fromEntries([...stages].map(([stage, child]) => [stage, child.id]))),
    protocol: [
      [
        "Images",
        `${ghnFacts?.datasetDescription ?? config.dataset.id}; ${config.dataset.validationImages} held out for validation; fingerprint ${ghnFacts?.datasetFingerprint?.slice(0, 16) ?? "unknown"}`,
      ],
      [
        "Network",
        `${config.network.blocks} blocks, F = ${config.network.initialChannels}, N = ${config.space.nodes}, ${config.space.operations.length} operations`,
      ],
      [
        "GHN",
        `${config.training.epochs} epochs on cells of N = ${config.training.nodes}, batch ${config.training.batchSize}, rate ${config.training.learningRate}`,
      ],
      [
        "Search",
        `${search.samples} cells (${search.strategy}) scored on ${search.validationImages} validation images, ${search.shortlist} kept, ${search.randomBaseline} drawn at random`,
      ],
      ["Comparison", trainingWords(config.compare)],
      [
        "Top-Best",
        `${trainingWords(config.final)}${config.finalNetwork === undefined ? "" : `; ${config.finalNetwork.blocks} blocks, F = ${config.finalNetwork.initialChannels}`}${config.finalValidationImages === undefined ? "" : `; all but ${config.finalValidationImages} of the images for training are used`}`,
      ],
      ...(diverged.length === 0
        ? []
        : [["Left out", `${diverged.length} trainings that diverged: ${[...new Set(diverged.map(({ name }) => name))].join(", ")}`] as const]),
      ["Seed", String(config.seed)],
      ["Machine", run.backend === null ? "unknown" : `${run.backend}, ${run.device ?? "device unknown"}`],
      ["Run", `${run.name} (${run.id}), GHN Studio ${facts.codeVersion}`],
    ],
  };
  return analyseTop(data);
}

function trainingWords({ epochs, batchSize, learningRate, repetitions, dropPath, augmentation }: CellTraining): string {
  return `${epochs} epochs, batch ${batchSize}, rate ${learningRate}, drop-path ${dropPath}, Cutout ${augmentation.cutout}, ${repetitions} ${repetitions === 1 ? "training" : "trainings"} of each cell`;
}
