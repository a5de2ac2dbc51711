import { rangeWords } from "../../../../src-shared/analysis/curves/anytime-curve.ts";
import type { AreaRange } from "../../../../src-shared/domain/records/anytime-records.ts";
import { ANYTIME_WEIGHTS_FORMAT } from "../../formats/anytime-weights.ts";
import type { SummaryFacts } from "../shared/space-types.ts";
import type { TrainingDescription } from "../shared/training-description.ts";
import { areaRange, areasOf, measuredExits } from "./exits.ts";
import { fitAnytimeChannels, planOfModel } from "./model.ts";
import type { AnytimeTypes } from "./types.ts";

/** Training of networks with several exits in the way of MSDNet: the sum of the exits' losses, SGD with Nesterov momentum (paper, appendix 5.3). */
export const anytimeTraining: TrainingDescription<AnytimeTypes> = {
  note: ({ training }, input) => `Areas cover ${wordsOf(areaRange(training, input))}.`,
  // References have their own widths.
  networkOf: ({ model }, { training, network }, input) =>
    model.kind !== "cells" || training.multiplyAddBudget === undefined ? network : fitAnytimeChannels(model.architecture, input, training.multiplyAddBudget),
  plan: ({ model }, network, input) => planOfModel(model, network, input),
  drawing: () => null,
  protocol: (training) => ({ ...training, schedule: "step", labelSmoothing: 0, dropPath: 0, auxiliaryWeight: 0, nesterov: true }),
  metrics: ({ training }, plan, measure, input) => [
    ["anytime/area", areasOf(measuredExits(plan, measure, null), areaRange(training, input)).area],
    ["train/validation-accuracy", measure.accuracies.at(-1) ?? Number.NaN],
    ["train/validation-loss", sum(measure.losses)],
  ],
  record({ candidateId, name, canonical, trainLoss, seconds, score, ...fields }, { run, subject, network, plan, images, validation, test }) {
    const exits = measuredExits(plan, validation, test);
    const range = areaRange(run.training, images.input);
    const { role, repetition, seed, epochs, parameters, multiplyAdds } = fields;
    return {
      candidateId,
      name,
      canonical,
      model: subject.model,
      role,
      repetition,
      seed,
      epochs,
      initialChannels: subject.model.kind === "cells" ? network.initialChannels : null,
      parameters,
      multiplyAdds,
      score,
      exits,
      ...range,
      ...areasOf(exits, range),
      trainLoss,
      seconds,
    };
  },
  words: ({ area, testArea }) => `area ${percent(area)} on validation images${testArea === null ? "" : `, ${percent(testArea)} on test images`}`,
  weightsFile: (record, { network, images: { dataset, input } }) => ({
    format: ANYTIME_WEIGHTS_FORMAT,
    manifest: {
      version: 1,
      ...record,
      network,
      input,
      normalisation: { mean: dataset.mean, std: dataset.std },
      classNames: dataset.classNames,
      dataset: { id: dataset.id, fingerprint: dataset.fingerprint },
    },
  }),
  /** Mean areas by role over trainings, and the best searched network by validation area. */
  facts({ training: { maxBudget } }, trainings) {
    const facts: SummaryFacts = { trainings: trainings.length, maxBudget };
    for (const role of ["shortlist", "random", "reference"] as const) {
      const group = trainings.filter((training) => training.role === role);
      if (group.length === 0) continue;
      facts[`${role}Area`] = sum(group.map(({ area }) => area)) / group.length;
      const tested = group.flatMap(({ testArea }) => testArea ?? []);
      if (tested.length > 0) facts[`${role}TestArea`] = sum(tested) / tested.length;
    }
    const best = trainings.filter(({ role }) => role !== "reference").sort((a, b) => b.area - a.area)[0];
    if (best !== undefined) {
      facts.best = best.name;
      facts.bestArea = best.area;
      facts.bestTestArea = best.testArea;
    }
    return facts;
  },
};

/** A range of budgets as a phrase. */
export function wordsOf({ maxBudget, chance }: AreaRange): string {
  return rangeWords({ maxMultiplyAdds: maxBudget, chance });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
