/** Config checks of the anytime space that go beyond the schema. */

import type { DatasetConfig } from "../dataset.ts";
import { checkAugmentationFits, checkBatch, checkHeldOut, checkOrder, type ReportProblem, sideOf } from "./check-parts.ts";
import { figure } from "./config-fields.ts";
import type { AnytimeConfig, AnytimeGhnTraining, AnytimeSearchSettings, AnytimeSpace, AnytimeTrainingSettings, GhnConfig } from "./run-config.ts";

/** Reports conflicting settings. @param images number of images left for training; undefined if unknown */
export function checkAnytime(config: AnytimeConfig, images: number | undefined, report: ReportProblem): void {
  const { dataset } = config;
  if (dataset.streamed === true) report("dataset.streamed", "dataset.streamed only works for training cells of the cell space. Turn it off.");
  switch (config.kind) {
    case "anytime-ghn":
      checkSpace(config.space, dataset, report);
      checkGhn(config.ghn, config.training, dataset, images, report);
      break;
    case "anytime-search":
      checkSpace(config.space, dataset, report);
      checkSearch(config.search, dataset, report);
      break;
    case "anytime-training": {
      checkTraining(config.training, "training", dataset, images, report);
      const { source, references } = config;
      const networks = source.from === "search" ? source.top + source.random : source.networks.length;
      if (networks + references.length === 0) report("source", "There is no network to train: source and references are both empty.");
      break;
    }
    case "anytime":
      checkSpace(config.space, dataset, report);
      checkGhn(config.ghn, config.training, dataset, images, report);
      checkSearch(config.search, dataset, report);
      checkTraining(config.final, "final", dataset, images, report);
      checkChoice(config, report);
      break;
  }
}

function checkSpace({ scales, nodes, exits }: AnytimeSpace, dataset: DatasetConfig, report: ReportProblem): void {
  const side = sideOf(dataset);
  const most = 1 + Math.floor(Math.log2(side));
  if (scales > most)
    report("space.scales", `space.scales is ${figure(scales)}, but images of ${figure(side)} × ${figure(side)} pixels have at most ${figure(most)} scales.`);
  const all = nodes.reduce((sum, count) => sum + count, 0);
  if (exits > all)
    report("space.exits", `space.exits is ${figure(exits)}, but the cells have only ${figure(all)} nodes in total. Set it to at most ${figure(all)}.`);
}

function checkGhn(ghn: GhnConfig, training: AnytimeGhnTraining, dataset: DatasetConfig, images: number | undefined, report: ReportProblem): void {
  if (ghn.generator !== "graph")
    report("ghn.generator", `ghn.generator is "${ghn.generator}", but the anytime space only supports "graph". Set it to "graph".`);
  if (training.validationCells > 0) checkHeldOut(training.validationImages, "training.validationImages", dataset, report);
  checkBatch(training.batchSize, "training.batchSize", images, report);
  checkAugmentationFits(training.augmentation, "training", dataset, report);
}

function checkSearch(search: AnytimeSearchSettings, dataset: DatasetConfig, report: ReportProblem): void {
  checkHeldOut(search.validationImages, "search.validationImages", dataset, report);
  if (search.shortlist > search.samples)
    report(
      "search.shortlist",
      `search.shortlist keeps ${figure(search.shortlist)} networks, but only ${figure(search.samples)} are scored. Set it to at most search.samples.`,
    );
  checkOrder(search.minMultiplyAdds, search.maxMultiplyAdds, "search.minMultiplyAdds", "search.maxMultiplyAdds", report);
}

function checkTraining(training: AnytimeTrainingSettings, path: string, dataset: DatasetConfig, images: number | undefined, report: ReportProblem): void {
  checkBatch(training.batchSize, `${path}.batchSize`, images, report);
  if (training.warmupEpochs >= training.epochs && training.warmupEpochs > 0)
    report(`${path}.warmupEpochs`, `${path}.warmupEpochs (${figure(training.warmupEpochs)}) must be shorter than ${path}.epochs (${figure(training.epochs)}).`);
  if (training.decayAt.some((at, i) => i > 0 && at <= (training.decayAt[i - 1] ?? -1)))
    report(`${path}.decayAt`, `${path}.decayAt must be in ascending order (got [${training.decayAt.join(", ")}]).`);
  checkAugmentationFits(training.augmentation, path, dataset, report);
}

function checkChoice({ winners, randomPicks, references, search }: Extract<AnytimeConfig, { readonly kind: "anytime" }>, report: ReportProblem): void {
  if (winners > search.samples)
    report("winners", `winners is ${figure(winners)}, but only ${figure(search.samples)} networks are scored. Set it to at most search.samples.`);
  if (randomPicks > search.randomBaseline)
    report(
      "randomPicks",
      `randomPicks is ${figure(randomPicks)}, but the random baseline has ${figure(search.randomBaseline)} networks. Set it to at most search.randomBaseline.`,
    );
  if (winners + randomPicks + references.length === 0)
    report("winners", "There is no network to train: winners and randomPicks are 0, and references is empty.");
}
