/** Costs of runs in the anytime space. Pure. */
import type { AnytimeReference } from "../../../src-shared/domain/architecture/anytime.ts";
import type { AnytimeConfig, AnytimeNetwork, AnytimeSpace, AnytimeTrainingSettings } from "../../../src-shared/domain/config/run-config.ts";
import { anytimeSpaceSchema } from "../../../src-shared/domain/config/run-config.ts";
import { Rng } from "../../engine/random.ts";
import type { AnytimePlan } from "../../engine/spaces/anytime/exit-plan.ts";
import { fitAnytimeChannels, planOfModel } from "../../engine/spaces/anytime/model.ts";
import { buildAnytimePlan } from "../../engine/spaces/anytime/plan.ts";
import { randomNodeCounts, sampleAnytime } from "../../engine/spaces/anytime/sampler.ts";
import type { Calibration } from "./calibration.ts";
import { ghnStage, type ImageFacts, phasesOf, type StageCost, searchStage, trainingStage, USUAL_PROPAGATION_STEPS } from "./stage-costs.ts";
import { average, type NetworkWork } from "./work.ts";

/** Number of random networks that represent a space. */
const SAMPLES = 8;

export function anytimeStages(config: AnytimeConfig, images: ImageFacts, calibration: Calibration): StageCost[] {
  const { network, dataset } = config;
  switch (config.kind) {
    case "anytime-ghn": {
      const whole = spaceWork(config.space, network, images, false);
      const trained = spaceWork(config.space, network, images, config.training.randomNodes);
      return [ghnStage(trained, whole, config.ghn, config.training, dataset, images, calibration)];
    }
    case "anytime-search": {
      const work = spaceWork(config.space, network, images, false);
      return [searchStage(work, config.space.nodes.length, USUAL_PROPAGATION_STEPS, config.search, calibration)];
    }
    case "anytime-training": {
      const { source, training } = config;
      // The size of a search's networks is not known here; the default space stands for it.
      const searched =
        source.from === "search"
          ? { work: searchedWork(anytimeSpaceSchema.parse({}), network, training, images), count: source.top + source.random }
          : {
              work: average(source.networks.map(({ architecture }) => workOf(planOfModel({ kind: "cells", architecture }, network, images.input)))),
              count: source.networks.length,
            };
      return trainingStages(searched.work, searched.count, config.references, training, config, images, calibration);
    }
    case "anytime": {
      const { space, final } = config;
      const whole = spaceWork(space, network, images, false);
      const trained = spaceWork(space, network, images, config.training.randomNodes);
      return [
        ghnStage(trained, whole, config.ghn, config.training, dataset, images, calibration),
        searchStage(whole, space.nodes.length, phasesOf(config.ghn), config.search, calibration),
        ...trainingStages(
          searchedWork(space, network, final, images),
          config.winners + config.randomPicks,
          config.references,
          final,
          { ...config, measureTest: true },
          images,
          calibration,
        ),
      ];
    }
  }
}

function trainingStages(
  work: NetworkWork,
  count: number,
  references: readonly AnytimeReference[],
  training: AnytimeTrainingSettings,
  { dataset, measureTest }: Pick<AnytimeConfig, "dataset"> & { readonly measureTest: boolean },
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

function workOf(plan: AnytimePlan): NetworkWork {
  return {
    calls: plan.program.steps.length,
    multiplyAdds: plan.counts.multiplyAdds,
    activations: plan.activations,
    parameters: plan.counts.parameters,
    graphNodes: plan.graph.blocks.reduce((sum, block) => sum + block.nodes.length, 0),
  };
}

function spaceWork(space: AnytimeSpace, network: AnytimeNetwork, { input }: ImageFacts, randomNodes: boolean): NetworkWork {
  const rng = Rng.fromSeed(0, "estimate");
  const plans = Array.from({ length: SAMPLES }, () =>
    buildAnytimePlan(sampleAnytime(space, rng, randomNodes ? randomNodeCounts(space, rng) : space.nodes), network, input),
  );
  return average(plans.map(workOf));
}

/** Work of networks whose width uses up the budget of their training. */
function searchedWork(space: AnytimeSpace, network: AnytimeNetwork, { multiplyAddBudget }: AnytimeTrainingSettings, images: ImageFacts): NetworkWork {
  if (multiplyAddBudget === undefined) return spaceWork(space, network, images, false);
  const architecture = sampleAnytime(space, Rng.fromSeed(0, "estimate"));
  return workOf(buildAnytimePlan(architecture, fitAnytimeChannels(architecture, images.input, multiplyAddBudget), images.input));
}
