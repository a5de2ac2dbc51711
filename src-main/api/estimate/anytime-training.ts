/** Costs of trainings in the anytime space: searched networks and references. Pure. */
import type { AnytimeReference } from "../../../src-shared/domain/architecture/anytime.ts";
import {
  type AnytimeNetwork,
  type AnytimeRun,
  type AnytimeSpace,
  type AnytimeTrainingRun,
  type AnytimeTrainingSettings,
  anytimeSpaceSchema,
} from "../../../src-shared/domain/config/run-config.ts";
import { Rng } from "../../engine/random.ts";
import { fitAnytimeChannels, planOfModel } from "../../engine/spaces/anytime/model.ts";
import { SPACES } from "../../engine/spaces/index.ts";
import type { Calibration } from "./calibration.ts";
import { type ImageFacts, type StageCost, trainingStage } from "./stage-costs.ts";
import { average, type NetworkWork, spaceWork, workOf } from "./work.ts";

export function anytimeTrainingStages(run: AnytimeTrainingRun, images: ImageFacts, calibration: Calibration): StageCost[] {
  const { source, network, training, references } = run;
  // The size of a search's networks is not known here; the default space is assumed.
  const [work, count] =
    source.from === "search"
      ? [searchedWork(anytimeSpaceSchema.parse({}), network, training, images), source.top + source.random]
      : [average(source.networks.map(({ architecture }) => workOf(SPACES.anytime.plan(architecture, network, images.input)))), source.networks.length];
  return stagesOf(work, count, references, training, run, images, calibration);
}

/** The last stage of an anytime experiment. */
export function anytimeFinalStages(run: AnytimeRun, images: ImageFacts, calibration: Calibration): StageCost[] {
  const { space, network, final, winners, randomPicks, references } = run;
  const work = searchedWork(space, network, final, images);
  return stagesOf(work, winners + randomPicks, references, final, { dataset: run.dataset, measureTest: true }, images, calibration);
}

function stagesOf(
  work: NetworkWork,
  count: number,
  references: readonly AnytimeReference[],
  training: AnytimeTrainingSettings,
  { dataset, measureTest }: { readonly dataset: AnytimeRun["dataset"]; readonly measureTest: boolean },
  images: ImageFacts,
  calibration: Calibration,
): StageCost[] {
  const stage = (name: string, own: NetworkWork, networks: number): StageCost =>
    trainingStage(name, own, networks, training, dataset, measureTest, images, calibration);
  return [
    ...(count === 0 ? [] : [stage("Training", work, count)]),
    ...references.map((reference) =>
      stage(reference.kind === "msdnet" ? "MSDNet" : "ResNet", workOf(planOfModel(reference, { initialChannels: 2 }, images.input)), 1),
    ),
  ];
}

/** Work of networks whose width uses up the budget of their training. */
function searchedWork(space: AnytimeSpace, network: AnytimeNetwork, { multiplyAddBudget }: AnytimeTrainingSettings, { input }: ImageFacts): NetworkWork {
  if (multiplyAddBudget === undefined) return spaceWork(SPACES.anytime, { space, network }, input);
  const architecture = SPACES.anytime.sample(space, Rng.fromSeed(0, "estimate"));
  return workOf(SPACES.anytime.plan(architecture, fitAnytimeChannels(architecture, input, multiplyAddBudget), input));
}
