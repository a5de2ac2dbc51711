/** Checks of a run config beyond its schema, and schema errors as sentences. Pure: the window and the command line share it. */
import type { z } from "zod";
import { INPUT_NODES } from "../architecture/cell.ts";
import { type NetworkConfig, STEM_HALVINGS } from "../architecture/network.ts";
import type { SearchSpace } from "../architecture/search-space.ts";
import type { DatasetConfig } from "../dataset.ts";
import { checkAnytime } from "./check-anytime.ts";
import { type ConfigProblem, checkAugmentation, checkBatch, checkHeldBack, checkOrder, DATASETS, type KnownData, type Report, sideOf } from "./check-parts.ts";
import { valueAt } from "./config-diff.ts";
import { describeField, fieldsAt, fieldsOf, figure, nearestFields, nearestWord } from "./config-fields.ts";
import {
  type CellSource,
  type CellTraining,
  type GhnTraining,
  isAnytime,
  type PredictionRun,
  RUN_KINDS,
  type RunConfig,
  type RunKind,
  runConfigSchema,
  type SearchSettings,
  type StudyRun,
} from "./run-config.ts";

export type { ConfigProblem, KnownData } from "./check-parts.ts";

/** Everything wrong with a config: fields that do not parse, or settings that contradict each other. Empty when it can run. */
export function checkRunConfig(config: unknown, known: KnownData = {}): ConfigProblem[] {
  const parsed = runConfigSchema.safeParse(config);
  if (!parsed.success) return parsed.error.issues.flatMap((issue) => problemsOf(issue, config));
  return contradictions(parsed.data, known);
}

/** Settings of a parsed config that exclude each other. */
export function contradictions(config: RunConfig, known: KnownData = {}): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (path: string, message: string): void => {
    problems.push({ path, message });
  };
  const images = checkDataset(config.dataset, known, report);
  if (isAnytime(config)) {
    checkAnytime(config, images, report);
    return problems;
  }
  checkNetwork(config.network, "network", config.dataset, report);
  if (config.kind !== "cell-training") {
    checkNoBudget(config.network, "network", report);
    if (config.dataset.streamed === true)
      report("dataset.streamed", "dataset.streamed is for training cells from scratch only; other runs need their images in memory. Switch it off.");
  }
  switch (config.kind) {
    case "ghn-training":
      checkGhnTraining(config.training, config.dataset, images, report);
      break;
    case "search":
      if (config.cells === undefined) checkSearch(config.search, config.space, config.dataset, report);
      else checkHeldBack(config.search.validationImages, "search.validationImages", config.dataset, report);
      break;
    case "cell-training":
      checkCellTraining(config.training, "training", config.dataset, images, report);
      if (config.source.from === "search" && config.source.top + config.source.random === 0)
        report("source.top", "No cell is to be trained: source.top and source.random are both 0. Set one of them to at least 1.");
      checkBudget(config.network, cellsIn(config.source), report);
      break;
    case "pipeline":
      if (config.finalNetwork !== undefined) {
        checkNetwork(config.finalNetwork, "finalNetwork", config.dataset, report);
        checkNoBudget(config.finalNetwork, "finalNetwork", report);
      }
      checkGhnTraining(config.training, config.dataset, images, report);
      checkSearch(config.search, config.space, config.dataset, report);
      checkCellTraining(config.compare, "compare", config.dataset, images, report);
      checkCellTraining(config.final, "final", config.dataset, images, report);
      break;
    case "prediction":
      checkPrediction(config, images, report);
      break;
    case "study":
      checkPrediction(config, images, report);
      checkStudy(config, images, report);
      break;
  }
  return problems;
}

/** Answers how many images remain for training; undefined when that is not known. */
function checkDataset(dataset: DatasetConfig, known: KnownData, report: Report): number | undefined {
  const official = dataset.id === "folder" ? undefined : DATASETS[dataset.id];
  const all = known.trainImages ?? official?.trainImages;
  if (dataset.id === "folder" && (dataset.path === undefined || dataset.path === ""))
    report("dataset.path", "dataset.path is missing: say which folder of images to use (one subfolder for each class).");
  if (dataset.id !== "folder" && dataset.imageSize !== undefined)
    report("dataset.imageSize", `dataset.imageSize is for image folders only; ${official?.name ?? dataset.id} keeps its own size. Remove it.`);
  if (dataset.id !== "folder" && dataset.streamed === true)
    report("dataset.streamed", `dataset.streamed is for image folders only; ${official?.name ?? dataset.id} fits into memory. Switch it off.`);
  if (all === undefined) return undefined;
  const name = known.trainImages !== undefined && known.trainImages !== official?.trainImages ? "the images at hand" : (official?.name ?? "the images at hand");
  if (dataset.validationImages >= all) {
    report(
      "dataset.validationImages",
      `dataset.validationImages holds back ${figure(dataset.validationImages)} images, but there are only ${figure(all)} in ${name} for training and validation together. Set it to ${figure(Math.floor(all / 5))} or less.`,
    );
    return undefined;
  }
  return Math.min(all - dataset.validationImages, dataset.trainImages ?? Infinity);
}

function checkNetwork(network: NetworkConfig, path: string, dataset: DatasetConfig, report: Report): void {
  const { reductions, blocks } = network;
  const beyond = reductions.filter((block) => block >= blocks);
  if (beyond.length > 0)
    report(
      `${path}.reductions`,
      `${path}.reductions names block ${beyond.map(figure).join(" and ")}, but with ${path}.blocks = ${figure(blocks)} a reduction can come after block ${figure(blocks - 1)} at the latest. Use smaller numbers or more blocks.`,
    );
  if (reductions.some((block, i) => i > 0 && block <= (reductions[i - 1] ?? -1)))
    report(`${path}.reductions`, `${path}.reductions must rise from one entry to the next; it is [${reductions.join(", ")}].`);
  const side = sideOf(dataset);
  const halvings = reductions.length + STEM_HALVINGS[network.stem];
  const most = Math.floor(Math.log2(side));
  if (halvings > most)
    report(
      `${path}.reductions`,
      `Images of ${figure(side)} × ${figure(side)} pixels can be halved ${figure(most)} times at most, but ${path} halves them ${figure(halvings)} times. Use fewer reductions${network.stem === "conv3x3" ? "" : " or the conv3x3 stem"}.`,
    );
}

/** F is solved for one cell: a network has one F, and cells of the same F differ in their multiply-adds. */
function checkBudget({ multiplyAddBudget }: NetworkConfig, cells: number, report: Report): void {
  if (multiplyAddBudget !== undefined && cells !== 1)
    report(
      "network.multiplyAddBudget",
      `network.multiplyAddBudget finds F for one cell, but ${figure(cells)} cells are to be trained. Train one cell a run, or remove the budget and set network.initialChannels.`,
    );
}

function checkNoBudget({ multiplyAddBudget }: NetworkConfig, path: string, report: Report): void {
  if (multiplyAddBudget !== undefined)
    report(`${path}.multiplyAddBudget`, `${path}.multiplyAddBudget finds F for one known cell, which only a run that trains one cell has. Remove it.`);
}

/** How many cells a source asks for. */
export function cellsIn(source: CellSource): number {
  return source.from === "cells" ? source.cells.length : source.from === "search" ? source.top + source.random : source.best;
}

function checkGhnTraining(training: GhnTraining, dataset: DatasetConfig, images: number | undefined, report: Report): void {
  if (training.validationCells > 0) checkHeldBack(training.validationImages, "training.validationImages", dataset, report);
  checkBatch(training.batchSize, "training.batchSize", images, report);
  if (training.halveAt.some((at, i) => i > 0 && at <= (training.halveAt[i - 1] ?? -1)))
    report("training.halveAt", `training.halveAt must rise from one entry to the next; it is [${training.halveAt.join(", ")}].`);
  checkAugmentation(training.augmentation, "training", dataset, report);
}

function checkSearch(search: SearchSettings, space: SearchSpace, dataset: DatasetConfig, report: Report): void {
  checkHeldBack(search.validationImages, "search.validationImages", dataset, report);
  if (search.shortlist > search.samples)
    report(
      "search.shortlist",
      `search.shortlist keeps ${figure(search.shortlist)} cells, but only ${figure(search.samples)} are scored. Set it to search.samples at most.`,
    );
  checkOrder(search.minParameters, search.maxParameters, "search.minParameters", "search.maxParameters", report);
  checkOrder(search.minMultiplyAdds, search.maxMultiplyAdds, "search.minMultiplyAdds", "search.maxMultiplyAdds", report);
  if (search.objectives.includes("latency") && search.latencyRuns === 0)
    report(
      "search.latencyRuns",
      "search.objectives names latency, but search.latencyRuns is 0, so none is measured. Set it to 5 or more, or leave latency out.",
    );
  if (search.strategy === "evolution" && search.populationSize > search.samples)
    report(
      "search.populationSize",
      `search.populationSize is ${figure(search.populationSize)}, but only ${figure(search.samples)} cells are scored, so the evolution strategy would never start. Set it below search.samples.`,
    );
  if (search.strategy === "evolution" && search.tournamentSize > search.populationSize)
    report(
      "search.tournamentSize",
      `search.tournamentSize (${figure(search.tournamentSize)}) cannot exceed search.populationSize (${figure(search.populationSize)}).`,
    );
  const cells = cellsAtMost(space);
  if (search.samples > cells)
    report(
      "search.samples",
      `search.samples asks for ${figure(search.samples)} distinct cells, but the search space has ${figure(cells)} at most. Ask for fewer, or allow more operations or nodes.`,
    );
}

function checkCellTraining(training: CellTraining, path: string, dataset: DatasetConfig, images: number | undefined, report: Report): void {
  checkBatch(training.batchSize, `${path}.batchSize`, images, report);
  if (training.warmupEpochs >= training.epochs && training.warmupEpochs > 0)
    report(`${path}.warmupEpochs`, `${path}.warmupEpochs (${figure(training.warmupEpochs)}) must be shorter than ${path}.epochs (${figure(training.epochs)}).`);
  checkAugmentation(training.augmentation, path, dataset, report);
  if (dataset.streamed === true) return;
  for (const field of ["smallestCrop", "colourJitter"] as const)
    if (training.augmentation[field] > 0)
      report(
        `${path}.augmentation.${field}`,
        `${path}.augmentation.${field} works on images at their own size, which only dataset.streamed gives. Set it to 0, or stream an image folder.`,
      );
}

function checkPrediction({ space, cells, predictors, dataset }: PredictionRun | StudyRun, images: number | undefined, report: Report): void {
  const possible = cellsAtMost(space);
  if (cells.count > possible)
    report(
      "cells.count",
      `cells.count asks for ${figure(cells.count)} distinct cells, but the search space has ${figure(possible)} at most. Ask for fewer, or allow more operations or nodes.`,
    );
  checkCellTraining(predictors.sgd, "predictors.sgd", dataset, images, report);
}

function checkStudy(study: StudyRun, images: number | undefined, report: Report): void {
  const { variants, seeds, dataset, validationImages, noiseCells, cells } = study;
  checkHeldBack(validationImages, "validationImages", dataset, report);
  checkCellTraining(study.truth, "truth", dataset, images, report);
  if (new Set(seeds).size !== seeds.length) report("seeds", `seeds lists a seed twice: [${seeds.join(", ")}]. Each may be there once.`);
  if (noiseCells > cells.count)
    report("noiseCells", `noiseCells trains ${figure(noiseCells)} cells twice, but cells.count is ${figure(cells.count)}. Set it to that at most.`);
  variants.forEach((variant, v) => {
    const twin = variants.findIndex((other) => other.name === variant.name);
    if (twin !== v) report(`variants.${v}.name`, `variants.${v}.name is “${variant.name}”, as variants.${twin}.name. Give each variant a name of its own.`);
    if (variant.ghn.generator === "one-shot" && variant.training.nodes !== study.space.nodes)
      report(
        `variants.${v}.training.nodes`,
        `variants.${v}.training.nodes is ${figure(variant.training.nodes)}, but a one-shot supernet has weights of its own for every node and must be trained on cells of space.nodes = ${figure(study.space.nodes)}. Make the two agree.`,
      );
    checkGhnTraining(variant.training, dataset, images, (path, message) =>
      report(`variants.${v}.${path}`, message.replaceAll("training.", `variants.${v}.training.`)),
    );
  });
}

/** Labelled cells of a space, isomorphic ones counted apart: an upper bound. */
function cellsAtMost(space: SearchSpace): number {
  let cells = 1;
  for (let i = 0; i < space.nodes; i++) {
    const earlier = INPUT_NODES + i;
    let choices = 0;
    let subsets = 1;
    for (let k = 1; k <= Math.min(space.maxInputs, earlier); k++) {
      subsets = (subsets * (earlier - k + 1)) / k;
      choices += subsets;
    }
    cells *= space.operations.length * choices;
  }
  return cells;
}

// ---------------------------------------------------------------- schema errors as sentences

/** One schema error as problems: one for each field at fault. */
export function problemsOf(issue: z.core.$ZodIssue, config: unknown): ConfigProblem[] {
  const path = issue.path.map(String).join(".");
  const kind = kindOf(config);
  if (kind === undefined) {
    const written = valueAt(config, "kind");
    const suggestion = typeof written === "string" ? nearestWord(written, RUN_KINDS) : undefined;
    if (typeof config !== "object" || config === null || Array.isArray(config))
      return [{ path: "", message: `A run config is a JSON object; this is ${quote(config)}. Start from a preset: ghn-studio run demo --print.` }];
    return [
      {
        path: "kind",
        message: `${written === undefined ? "kind is missing: it" : `kind is ${quote(written)}, but it`} must be one of ${RUN_KINDS.join(", ")}.${suggestion === undefined ? "" : ` Did you mean "${suggestion}"?`}`,
      },
    ];
  }
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownField(kind, path === "" ? key : `${path}.${key}`));
    case "custom":
      return [{ path, message: `${path}: ${issue.message}` }];
    default: {
      const fields = fieldsAt(kind, issue.path);
      const written = valueAt(config, path);
      const choices = fields.flatMap((field) => field.enum ?? []).map(String);
      const suggestion = typeof written === "string" ? nearestWord(written, choices) : undefined;
      const takes = fields.length === 0 ? issue.message : describeField(fields);
      const title = fields[0]?.description;
      if (written === undefined) return [{ path, message: `${path} is missing: it must be ${takes}.${title === undefined ? "" : ` ${title}`}` }];
      return [{ path, message: `${path} must be ${takes}; it is ${quote(written)}.${suggestion === undefined ? "" : ` Did you mean "${suggestion}"?`}` }];
    }
  }
}

/** A field that does not exist, with the ones that may have been meant. */
export function unknownField(kind: RunKind, path: string): ConfigProblem {
  const near = nearestFields(kind, path).map((field) => `"${field}"`);
  const list = near.length > 1 ? `${near.slice(0, -1).join(", ")} or ${near[near.length - 1] ?? ""}` : (near[0] ?? "");
  const group = path.split(".").slice(0, -1);
  const members = near.length === 0 ? fieldsOf(kind, group) : [];
  const hint =
    near.length > 0
      ? ` Did you mean ${list}?`
      : members.length > 0
        ? ` ${group.length === 0 ? "It has" : `"${group.join(".")}" has`} ${members.join(", ")}.`
        : "";
  return { path, message: `There is no field "${path}" in a ${kind} run.${hint}` };
}

/** The kind that a config claims, where it is one. */
export function kindOf(config: unknown): RunKind | undefined {
  const kind = valueAt(config, "kind");
  return RUN_KINDS.find((known) => known === kind);
}

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
