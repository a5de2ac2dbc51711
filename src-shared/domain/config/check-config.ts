/** Checks run configs beyond their schema and turns schema errors into messages. Pure; shared by the window and the command line. */
import type { z } from "zod";
import { INPUT_NODES } from "../architecture/cell.ts";
import { type NetworkConfig, STEM_HALVINGS } from "../architecture/network.ts";
import type { CellSpace } from "../architecture/search-space.ts";
import type { DatasetConfig } from "../dataset.ts";
import { DATASETS } from "../dataset-facts.ts";
import { printable } from "../printable.ts";
import { checkAnytime } from "./check-anytime.ts";
import { type ConfigProblem, checkAugmentationFits, checkBatch, checkHeldOut, checkOrder, type KnownData, type ReportProblem, sideOf } from "./check-parts.ts";
import { valueAt } from "./config-diff.ts";
import { describeField, type FieldSchema, fieldsAt, fieldsOf, figure, nearestFields, nearestWord } from "./config-fields.ts";
import { predictorNames, rankAverageOf } from "./predictor-names.ts";
import {
  type CellSource,
  type CellTraining,
  type GhnConfig,
  type GhnTraining,
  type GhnTrainingRun,
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

/** More problems are only counted. */
const MAX_PROBLEMS = 20;
/** No config is nested deeper than a cell in a list of variants. */
const MAX_DEPTH = 32;

/** All problems of a config: fields that do not parse, or conflicting settings. Empty if the config is valid. Accepts any value. */
export function checkRunConfig(config: unknown, known: KnownData = {}): ConfigProblem[] {
  if (nestedDeeperThan(config, MAX_DEPTH))
    return [{ path: "", message: `A run config must not be nested more than ${MAX_DEPTH} levels deep. Start from a preset: ghn-studio run demo --print` }];
  const parsed = runConfigSchema.safeParse(config);
  if (!parsed.success) return schemaProblems(parsed.error.issues, config);
  return contradictions(parsed.data, known);
}

function nestedDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return limit === 0 || Object.values(value).some((entry) => nestedDeeperThan(entry, limit - 1));
}

/** The conflicting settings of a parsed config. */
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
      report("dataset.streamed", "dataset.streamed only works for training cells from scratch; other runs keep their images in memory. Turn it off.");
  }
  switch (config.kind) {
    case "ghn-training":
      checkGenerator(config, config.space, report);
      checkGhnTraining(config.training, config.dataset, images, report);
      break;
    case "search":
      if (config.cells === undefined) checkSearch(config.search, config.space, config.dataset, report);
      else checkHeldOut(config.search.validationImages, "search.validationImages", config.dataset, report);
      break;
    case "cell-training":
      checkCellTraining(config.training, "training", config.dataset, images, report);
      if (config.source.from === "search" && config.source.top + config.source.random === 0)
        report("source.top", "There is no cell to train: source.top and source.random are both 0. Set one of them to at least 1.");
      checkBudget(config.network, cellsIn(config.source), report);
      break;
    case "pipeline":
      if (config.finalNetwork !== undefined) {
        checkNetwork(config.finalNetwork, "finalNetwork", config.dataset, report);
        checkNoBudget(config.finalNetwork, "finalNetwork", report);
      }
      if (config.finalValidationImages !== undefined) checkHeldOut(config.finalValidationImages, "finalValidationImages", config.dataset, report);
      checkGenerator(config, config.space, report);
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

/** Returns the number of images left for training; undefined if unknown. */
function checkDataset(dataset: DatasetConfig, known: KnownData, report: ReportProblem): number | undefined {
  const official = DATASETS[dataset.id];
  const released = official.shape === null ? undefined : official.trainImages;
  const all = known.trainImages ?? released;
  if (dataset.id === "folder" && (dataset.path === undefined || dataset.path === ""))
    report("dataset.path", "dataset.path is missing. Set it to a folder of images with one subfolder per class.");
  if (dataset.id !== "folder" && dataset.imageSize !== undefined)
    report("dataset.imageSize", `dataset.imageSize only applies to image folders; ${official.name} has a fixed size. Remove it.`);
  if (dataset.id !== "folder" && dataset.layout !== undefined)
    report("dataset.layout", `dataset.layout only applies to image folders; ${official.name} has a fixed layout. Remove it.`);
  if (dataset.id !== "folder" && dataset.streamed === true)
    report("dataset.streamed", `dataset.streamed only applies to image folders; ${official.name} fits into memory. Turn it off.`);
  if (all === undefined) return undefined;
  const name = known.trainImages === undefined || known.trainImages === released ? official.name : "this dataset";
  if (dataset.validationImages >= all) {
    // A fifth, but not less than the field allows.
    const least = fieldsAt("pipeline", ["dataset", "validationImages"])[0]?.minimum ?? 1;
    report(
      "dataset.validationImages",
      `dataset.validationImages holds out ${figure(dataset.validationImages)} images, but ${name} has only ${figure(all)} images for training and validation. ${all > least ? `Set it to at most ${figure(Math.max(least, Math.floor(all / 5)))}` : `Add images: at least ${figure(least + 1)} are needed`}.`,
    );
    return undefined;
  }
  return Math.min(all - dataset.validationImages, dataset.trainImages ?? Infinity);
}

function checkNetwork(network: NetworkConfig, path: string, dataset: DatasetConfig, report: ReportProblem): void {
  const { reductions, blocks, auxiliaryAfter } = network;
  if (auxiliaryAfter !== undefined && auxiliaryAfter > blocks)
    report(
      `${path}.auxiliaryAfter`,
      `${path}.auxiliaryAfter is ${figure(auxiliaryAfter)}, but the network has only ${figure(blocks)} blocks (${path}.blocks). Set it to at most that, or remove it for the default.`,
    );
  const beyond = reductions.filter((block) => block >= blocks);
  if (beyond.length > 0)
    report(
      `${path}.reductions`,
      `${path}.reductions contains block ${beyond.map(figure).join(" and ")}, but with ${path}.blocks = ${figure(blocks)} the last possible reduction is after block ${figure(blocks - 1)}. Use smaller numbers or more blocks.`,
    );
  if (reductions.some((block, i) => i > 0 && block <= (reductions[i - 1] ?? -1)))
    report(`${path}.reductions`, `${path}.reductions must be in ascending order (got [${reductions.join(", ")}]).`);
  const side = sideOf(dataset);
  const halvings = reductions.length + STEM_HALVINGS[network.stem];
  const most = Math.floor(Math.log2(side));
  if (halvings > most)
    report(
      `${path}.reductions`,
      `Images of ${figure(side)} × ${figure(side)} pixels can be halved at most ${figure(most)} times, but ${path} halves them ${figure(halvings)} times. Use fewer reductions${network.stem === "conv3x3" ? "" : " or the conv3x3 stem"}.`,
    );
}

/** F is solved for a single cell, because cells with the same F differ in their multiply-adds. */
function checkBudget({ multiplyAddBudget }: NetworkConfig, cells: number, report: ReportProblem): void {
  if (multiplyAddBudget !== undefined && cells !== 1)
    report(
      "network.multiplyAddBudget",
      `network.multiplyAddBudget sets F for a single cell, but this run trains ${figure(cells)} cells. Train one cell per run, or remove the budget and set network.initialChannels.`,
    );
}

function checkNoBudget({ multiplyAddBudget }: NetworkConfig, path: string, report: ReportProblem): void {
  if (multiplyAddBudget !== undefined)
    report(`${path}.multiplyAddBudget`, `${path}.multiplyAddBudget only applies to runs that train a single cell. Remove it.`);
}

/** Number of cells that a source selects. */
function cellsIn(source: CellSource): number {
  return source.from === "cells" ? source.cells.length : source.from === "search" ? source.top + source.random : source.best;
}

/** Generators whose parameters belong to numbered nodes: those of nodes that training never saw would stay random. */
const NUMBERED: Readonly<Partial<Record<GhnConfig["generator"], string>>> = {
  smash: "a SMASH-style hypernetwork has separate inputs for every node",
  "one-shot": "a one-shot supernet has separate weights for every node",
};

/** Checks that a generator can be trained as configured and then rank the cells of the space. */
function checkGenerator({ ghn, training }: Pick<GhnTrainingRun, "ghn" | "training">, space: CellSpace, report: ReportProblem): void {
  if (ghn.sharing !== "all" && ghn.generator !== "graph")
    report("ghn.sharing", `ghn.sharing is "${ghn.sharing}", but only graph hypernetworks can have parameters per block. Set it to "all".`);
  const reason = NUMBERED[ghn.generator];
  if (reason !== undefined && training.nodes !== space.nodes)
    report("training.nodes", `training.nodes is ${figure(training.nodes)}, but ${reason}, so it must equal space.nodes (${figure(space.nodes)}).`);
}

function checkGhnTraining(training: GhnTraining, dataset: DatasetConfig, images: number | undefined, report: ReportProblem): void {
  if (training.validationCells > 0) checkHeldOut(training.validationImages, "training.validationImages", dataset, report);
  checkBatch(training.batchSize, "training.batchSize", images, report);
  if (training.halveAt.some((at, i) => i > 0 && at <= (training.halveAt[i - 1] ?? -1)))
    report("training.halveAt", `training.halveAt must be in ascending order (got [${training.halveAt.join(", ")}]).`);
  checkAugmentationFits(training.augmentation, "training", dataset, report);
}

function checkSearch(search: SearchSettings, space: CellSpace, dataset: DatasetConfig, report: ReportProblem): void {
  checkHeldOut(search.validationImages, "search.validationImages", dataset, report);
  if (search.shortlist > search.samples)
    report(
      "search.shortlist",
      `search.shortlist keeps ${figure(search.shortlist)} cells, but only ${figure(search.samples)} are scored. Set it to at most search.samples.`,
    );
  checkOrder(search.minParameters, search.maxParameters, "search.minParameters", "search.maxParameters", report);
  checkOrder(search.minMultiplyAdds, search.maxMultiplyAdds, "search.minMultiplyAdds", "search.maxMultiplyAdds", report);
  if (search.objectives.includes("latency") && search.latencyRuns === 0)
    report(
      "search.latencyRuns",
      "search.objectives includes latency, but search.latencyRuns is 0, so it is not measured. Set it to at least 5, or remove latency.",
    );
  if (search.strategy === "evolution" && search.populationSize > search.samples)
    report(
      "search.populationSize",
      `search.populationSize is ${figure(search.populationSize)}, but only ${figure(search.samples)} cells are scored, so the evolution strategy would never start. Set it to less than search.samples.`,
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
      `search.samples is ${figure(search.samples)}, but the search space has at most ${figure(cells)} distinct cells. Use fewer, or allow more operations or nodes.`,
    );
}

function checkCellTraining(training: CellTraining, path: string, dataset: DatasetConfig, images: number | undefined, report: ReportProblem): void {
  checkBatch(training.batchSize, `${path}.batchSize`, images, report);
  if (training.warmupEpochs >= training.epochs && training.warmupEpochs > 0)
    report(`${path}.warmupEpochs`, `${path}.warmupEpochs (${figure(training.warmupEpochs)}) must be shorter than ${path}.epochs (${figure(training.epochs)}).`);
  checkAugmentationFits(training.augmentation, path, dataset, report);
  if (dataset.streamed === true) return;
  for (const field of ["smallestCrop", "colourJitter"] as const)
    if (training.augmentation[field] > 0)
      report(
        `${path}.augmentation.${field}`,
        `${path}.augmentation.${field} needs images at their original size, which only dataset.streamed provides. Set it to 0, or stream an image folder.`,
      );
}

function checkPrediction({ space, cells, predictors, dataset }: PredictionRun | StudyRun, images: number | undefined, report: ReportProblem): void {
  const possible = cellsAtMost(space);
  if (cells.count > possible)
    report(
      "cells.count",
      `cells.count is ${figure(cells.count)}, but the search space has at most ${figure(possible)} distinct cells. Use fewer, or allow more operations or nodes.`,
    );
  checkCellTraining(predictors.sgd, "predictors.sgd", dataset, images, report);
}

function checkStudy(study: StudyRun, images: number | undefined, report: ReportProblem): void {
  const { variants, seeds, dataset, validationImages, noiseCells, cells } = study;
  checkHeldOut(validationImages, "validationImages", dataset, report);
  checkCellTraining(study.truth, "truth", dataset, images, report);
  if (new Set(seeds).size !== seeds.length) report("seeds", `seeds must be unique (got [${seeds.join(", ")}]).`);
  const names = predictorNames(study);
  const unknown = rankAverageOf(study.rankAverage).filter((name) => !names.includes(name));
  if (unknown.length > 0)
    report("rankAverage", `rankAverage names “${unknown[0]}”, which this study does not measure. Join some of these by “+”: ${names.join("; ")}.`);
  if (noiseCells > cells.count)
    report("noiseCells", `noiseCells is ${figure(noiseCells)}, but cells.count is only ${figure(cells.count)}. Set it to at most that.`);
  variants.forEach((variant, v) => {
    const twin = variants.findIndex((other) => other.name === variant.name);
    if (twin !== v)
      report(`variants.${v}.name`, `variants.${v}.name is “${variant.name}”, the same as variants.${twin}.name. Give each variant a unique name.`);
    const reportVariant: ReportProblem = (path, message) =>
      report(
        `variants.${v}.${path}`,
        message.replace(/\b(ghn|training)\.(?=[a-z])/g, (group) => `variants.${v}.${group}`),
      );
    checkGenerator(variant, study.space, reportVariant);
    checkGhnTraining(variant.training, dataset, images, reportVariant);
  });
}

/** Upper bound on the number of cells of a space: isomorphic cells are counted separately. */
function cellsAtMost(space: CellSpace): number {
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

// ---------------------------------------------------------------- schema errors

/** The first problems in words, and how many others there are. */
function schemaProblems(issues: readonly z.core.$ZodIssue[], config: unknown): ConfigProblem[] {
  const count = issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
  const problems = issues
    .slice(0, MAX_PROBLEMS)
    .flatMap((issue) => problemsOf(issue, config))
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => ({ path, message: printable(message) }));
  return count <= MAX_PROBLEMS ? problems : [...problems, { path: "", message: `${figure(count - MAX_PROBLEMS)} other fields are invalid.` }];
}

/** Converts a schema error to problems, one per field. */
function problemsOf(issue: z.core.$ZodIssue, config: unknown): ConfigProblem[] {
  const path = issue.path.map(String).join(".");
  const kind = kindOf(config);
  if (kind === undefined) {
    const written = valueAt(config, "kind");
    const suggestion = typeof written === "string" ? nearestWord(written, RUN_KINDS) : undefined;
    if (typeof config !== "object" || config === null || Array.isArray(config))
      return [{ path: "", message: `A run config must be a JSON object (got ${quote(config)}). Start from a preset: ghn-studio run demo --print` }];
    return [
      {
        path: "kind",
        message: `${written === undefined ? "kind is required and" : "kind"} must be one of ${RUN_KINDS.join(", ")}${written === undefined ? "" : ` (got ${quote(written)})`}.${suggestion === undefined ? "" : ` Did you mean "${suggestion}"?`}`,
      },
    ];
  }
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.slice(0, MAX_PROBLEMS).map((key) => unknownField(kind, path === "" ? key : `${path}.${key}`));
    case "custom":
      return [{ path, message: `${path}: ${issue.message}` }];
    default: {
      const fields = fieldsAt(kind, issue.path);
      const written = valueAt(config, path);
      const choices = fields.flatMap((field) => field.enum ?? []).map(String);
      const suggestion = typeof written === "string" ? nearestWord(written, choices) : undefined;
      const hint = suggestion === undefined ? "" : ` Did you mean "${suggestion}"?`;
      const entries = Array.isArray(written) ? wrongLength(written.length, fields) : null;
      if (entries !== null) return [{ path, message: `${path} ${entries}` }];
      const accepted = fields.length === 0 ? issue.message : describeField(fields);
      if (written === undefined) return [{ path, message: `${path} is required and must be ${accepted}.` }];
      if (written === "" && fields.some((field) => (field.minLength ?? 0) > 0)) return [{ path, message: `${path} must not be empty.` }];
      return [{ path, message: `${path} must be ${accepted} (got ${quote(written)}).${hint}` }];
    }
  }
}

/** Says that a list has too few or too many entries; null if its length is fine. */
function wrongLength(length: number, fields: readonly FieldSchema[]): string | null {
  const lists = fields.filter((field) => field.type === "array");
  const least = Math.min(...lists.map((field) => field.minItems ?? 0));
  const most = Math.max(...lists.map((field) => field.maxItems ?? Infinity));
  if (lists.length === 0 || (length >= least && length <= most)) return null;
  if (length < least) return length === 0 ? "must not be empty." : `must have at least ${figure(least)} entries (got ${figure(length)}).`;
  return `must have at most ${figure(most)} ${most === 1 ? "entry" : "entries"} (got ${figure(length)}).`;
}

/** The problem of an unknown field, with suggestions. */
export function unknownField(kind: RunKind, path: string): ConfigProblem {
  const near = nearestFields(kind, path).map((field) => `"${field}"`);
  const list = near.length > 1 ? `${near.slice(0, -1).join(", ")} or ${near[near.length - 1] ?? ""}` : (near[0] ?? "");
  const group = path.split(".").slice(0, -1);
  const members = near.length === 0 ? fieldsOf(kind, group) : [];
  const hint =
    near.length > 0
      ? ` Did you mean ${list}?`
      : members.length > 0
        ? ` ${group.length === 0 ? "Fields" : `Fields of "${group.join(".")}"`}: ${members.join(", ")}.`
        : "";
  return { path, message: `Unknown field "${shortened(path)}" in a ${kind} config.${hint}` };
}

/** The kind of a config, if it is a known one. */
export function kindOf(config: unknown): RunKind | undefined {
  const kind = valueAt(config, "kind");
  return RUN_KINDS.find((known) => known === kind);
}

function quote(value: unknown): string {
  // JSON has no infinity: 1e400 in a file would be shown as null.
  return shortened(typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value)));
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
