import { significant } from "../../../../src-shared/analysis/format.ts";
import { rankAveragePredictor, regularisedSwap } from "../../../../src-shared/analysis/study/derived-predictors.ts";
import { analyseStudy, type PredictorData, type StudyData, type StudyResult, type VariantFacts } from "../../../../src-shared/analysis/study/study.ts";
import { fieldsAt } from "../../../../src-shared/domain/config/config-fields.ts";
import { lossName, rankAverageOf } from "../../../../src-shared/domain/config/predictor-names.ts";
import type { StudyRun } from "../../../../src-shared/domain/config/run-config.ts";
import type { Candidate, RunSummary, Training } from "../../../../src-shared/domain/records/run.ts";
import { COST_PREFIX } from "../../../engine/baselines/cost-names.ts";
import { studyArchitectures } from "../../../engine/search/study-architectures.ts";
import { SPACES } from "../../../engine/spaces/index.ts";
import { UserError } from "../../../lib/errors.ts";
import { protocolKey } from "../../../store/results/protocol-key.ts";
import type { StoreReader } from "../../../store/store.ts";
import { stagesByKey } from "../stages.ts";
import { generatorKey, PREDICTION_KEY, SECOND_SEED, scoreKey } from "./study-plan.ts";

/** Fingerprint of the images that the runs used; null until a run has opened them. */
export function fingerprintOf(store: StoreReader, runs: readonly RunSummary[]): string | null {
  for (const run of runs) {
    const fingerprint = store.runs.record(run.id)?.datasetFingerprint ?? null;
    if (fingerprint !== null) return fingerprint;
  }
  return null;
}

/** The training from scratch for the ground truth of a cell, diverged or not; null when there is none yet. A diverged one is not repeated: it would diverge again. */
export function trainingFor(store: StoreReader, study: StudyRun, datasetFingerprint: string, canonical: string, seed: number): Training | null {
  return store.trainings.byProtocol(
    protocolKey({ network: study.network, dataset: study.dataset, training: study.truth, datasetFingerprint, canonical, seed }),
  );
}

/**
 * The results of a study so far, read from the store.
 * @throws UserError `run-kind` when the run is not a study; `study-empty` when no stage has opened the images yet
 */
export function studyData(store: StoreReader, runId: string): StudyData {
  const run = store.runs.get(runId);
  const config = store.runs.record(runId)?.config;
  if (run === null || config?.kind !== "study")
    throw new UserError(`The run ${run?.name ?? runId} is not a study.`, { code: "run-kind", remedy: "Choose a study; `ghn-studio runs` lists all runs." });
  const children = store.runs.children(runId);
  const fingerprint = fingerprintOf(store, children);
  if (fingerprint === null)
    throw new UserError(`The study ${run.name} has no results yet.`, {
      code: "study-empty",
      remedy: "Wait until its first stage is done, or resume it if it is not running.",
    });
  const cells = studyArchitectures(SPACES.cell, config.space, config.cells);
  const stages = stagesByKey(children);
  const candidatesOf = (key: string): Candidate[] => {
    const stage = stages.get(key);
    return stage === undefined ? [] : store.candidates.list(stage.id, { sort: "index", limit: 1_000_000 }).rows;
  };
  const trained = (seed: number): (Training | null)[] => cells.map(({ canonical }) => trainingFor(store, config, fingerprint, canonical, seed));
  const usable = (training: Training | null): Training | null => (training?.divergence === undefined ? training : null);
  const first = trained(config.seed);
  const truths = first.map(usable);
  const diverged = first.filter((training) => training?.divergence !== undefined).length;
  const second = trained(config.seed + SECOND_SEED).map(usable);
  const facts = store.runs.record(children[0]?.id ?? "");
  return {
    title: config.title,
    protocol: protocolOf(config, run, children, fingerprint, facts?.datasetDescription ?? null, truths, diverged, store.runs.record(runId)?.codeVersion ?? ""),
    cells: cells.map((_, i) => `Cell ${i}`),
    truth: truths.map((training) => training?.validationAccuracy ?? null),
    diverged,
    repetitions: truths.map((training, i) => [training, second[i] ?? null].flatMap((one) => (one === null ? [] : [one.validationAccuracy]))),
    predictors: withRankAverage(config, [
      ...generators(store, config, stages, candidatesOf),
      ...others(candidatesOf(PREDICTION_KEY), candidatesOf, config, truths, costsOf(store, stages.get(PREDICTION_KEY))),
    ]),
    variants: variantFacts(config.variants),
    architectures: cells.map(({ architecture }) => architecture),
  };
}

function withRankAverage(study: StudyRun, predictors: readonly PredictorData[]): PredictorData[] {
  const average = rankAveragePredictor(rankAverageOf(study.rankAverage), predictors, study.cells.count);
  return [...predictors, ...(average === null ? [] : [average])];
}

/** @see analyseStudy */
export function analysedStudy(store: StoreReader, runId: string): StudyResult {
  return analyseStudy(studyData(store, runId));
}

/** Accuracy with generated weights ranks cells as in the paper; the negated loss also distinguishes cells with equal accuracy. */
function generators(store: StoreReader, study: StudyRun, stages: ReadonlyMap<string, RunSummary>, candidatesOf: (key: string) => Candidate[]): PredictorData[] {
  return study.variants.flatMap((variant, v) => {
    const runs = study.seeds.map((seed) => ({ seed, candidates: candidatesOf(scoreKey(v, seed)) }));
    const all = runs.flatMap(({ candidates }) => candidates);
    const trained = study.seeds.flatMap((seed) => stages.get(generatorKey(v, seed)) ?? []).filter((stage) => stage.status === "completed");
    const cost = {
      generationMs: mean(all.map((one) => one.generationMs)),
      evaluationMs: mean(all.map((one) => one.evaluationMs)),
      trainingSeconds: mean(trained.map((stage) => stage.activeSeconds)),
      generatorParameters: mean(trained.map((stage) => numberOf(store.runs.record(stage.id)?.summary["ghnParameters"]))),
    };
    const of = (name: string, value: (candidate: Candidate) => number | null): PredictorData => ({
      name,
      kind: "generator",
      runs: runs.map(({ seed, candidates }) => ({ seed, values: byIndex(study.cells.count, candidates, value) })),
      ...cost,
    });
    return [
      of(variant.name, (candidate) => candidate.score),
      of(lossName(variant.name), (candidate) => (candidate.scoreLoss === null ? null : -candidate.scoreLoss)),
    ];
  });
}

/** Milliseconds per cell of each predictor that a prediction run measured; empty until that run is complete. */
function costsOf(store: StoreReader, stage: RunSummary | undefined): ReadonlyMap<string, number> {
  const summary = stage === undefined ? {} : (store.runs.record(stage.id)?.summary ?? {});
  return new Map(
    Object.entries(summary).flatMap(([name, value]) =>
      name.startsWith(COST_PREFIX) && typeof value === "number" ? [[name.slice(COST_PREFIX.length), value] as const] : [],
    ),
  );
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** The settings in which the variants of a study differ, by title. */
function variantFacts(variants: StudyRun["variants"]): VariantFacts[] {
  const leaves = variants.map((variant) => new Map([...leavesOf(variant.ghn, ["ghn"]), ...leavesOf(variant.training, ["training"])]));
  const paths = [...(leaves[0]?.keys() ?? [])].filter((path) => new Set(leaves.map((settings) => JSON.stringify(settings.get(path)))).size > 1);
  return variants.map(({ name }, v) => ({
    name,
    settings: Object.fromEntries(paths.map((path) => [titleOf(path), plainValue(leaves[v]?.get(path))])),
  }));
}

function leavesOf(value: unknown, path: readonly string[]): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path.join("."), value]];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

function titleOf(path: string): string {
  return fieldsAt("study", ["variants", "0", ...path.split(".")])[0]?.title ?? path;
}

function plainValue(value: unknown): string | number | boolean {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Predictors that need no generator. The size of a cell is known as soon as anything has been computed for it. */
function others(
  measured: readonly Candidate[],
  candidatesOf: (key: string) => Candidate[],
  study: StudyRun,
  truths: readonly (Training | null)[],
  costs: ReadonlyMap<string, number>,
): PredictorData[] {
  const count = study.cells.count;
  const sized = [...measured, ...candidatesOf(scoreKey(0, study.seeds[0] ?? 0))];
  const size = (name: string, of: (one: Candidate | Training) => number): PredictorData => ({
    name,
    kind: "proxy",
    runs: [{ seed: study.seed, values: byIndex(count, sized, of).map((value, i) => value ?? (truths[i] == null ? null : of(truths[i]))) }],
    generationMs: null,
    evaluationMs: null,
  });
  const names = [...new Set(measured.flatMap(({ predictions }) => Object.keys(predictions ?? {})))].filter((name) => !SIZES.has(name));
  const parameters = size("parameters", (one) => one.parameters);
  return [
    parameters,
    size("multiply-adds", ({ multiplyAdds }) => multiplyAdds),
    ...names.flatMap((name): PredictorData[] => {
      const values = byIndex(count, measured, ({ predictions }) => predictions?.[name] ?? null);
      const predictor: PredictorData = {
        name,
        kind: name.startsWith("SGD") ? "sgd" : "proxy",
        runs: [{ seed: study.seed, values }],
        generationMs: null,
        evaluationMs: costs.get(name) ?? null,
      };
      if (name !== "SWAP") return [predictor];
      const regularised = regularisedSwap(values, parameters.runs[0]?.values ?? []);
      return [predictor, { ...predictor, name: "SWAP, regularised", runs: [{ seed: study.seed, values: regularised }] }];
    }),
  ];
}

const SIZES = new Set(["parameters", "multiply-adds"]);

function byIndex(count: number, candidates: readonly Candidate[], value: (candidate: Candidate) => number | null): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: count }, () => null);
  for (const candidate of candidates) if (candidate.index < count) values[candidate.index] = value(candidate);
  return values;
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function protocolOf(
  study: StudyRun,
  run: RunSummary,
  stages: readonly RunSummary[],
  fingerprint: string,
  images: string | null,
  truths: readonly (Training | null)[],
  diverged: number,
  version: string,
): [string, string][] {
  const { network, truth, space, cells, dataset } = study;
  const known = truths.filter((training): training is Training => training !== null);
  const accuracies = known.map((training) => training.validationAccuracy);
  const devices = [...new Set(stages.flatMap((stage) => (stage.backend === null ? [] : [`${stage.backend}, ${stage.device ?? "device unknown"}`])))];
  return [
    [
      "Images",
      `${images ?? dataset.id}; ${dataset.validationImages} held out for validation, ${dataset.trainImages ?? "all others"} for training, split seed ${dataset.splitSeed}; fingerprint ${fingerprint.slice(0, 16)}`,
    ],
    ["Cells", `${cells.count} distinct random cells, seed ${cells.seed}; N = ${space.nodes}, ${space.operations.length} operations`],
    ["Network", `${network.blocks} blocks, F = ${network.initialChannels}, reductions after ${network.reductions.join(", ") || "none"}, stem ${network.stem}`],
    [
      "Truth",
      `validation accuracy after ${epochsOf(truth.epochs)} of SGD (batch ${truth.batchSize}, rate ${truth.learningRate}, seed ${study.seed}); ${known.length} of ${cells.count} cells, from ${percent(Math.min(...accuracies))} to ${percent(Math.max(...accuracies))}${diverged === 0 ? "" : `; ${diverged} left out because their training diverged`}`,
    ],
    ["Scores", `accuracy on ${study.validationImages} validation images with generated weights, batch statistics`],
    ...study.variants.map(({ name, training }): [string, string] => [
      name,
      `trained for ${epochsOf(training.epochs)} on cells of N = ${training.nodes}, batch ${training.batchSize}, meta-batch ${training.metaBatch}, rate ${training.learningRate}; seeds ${study.seeds.join(", ")}`,
    ]),
    ["Machine", devices.join("; ") || "unknown"],
    ["Time", `${significant(stages.reduce((sum, stage) => sum + stage.activeSeconds, 0) / 60, 3)} min of work over ${stages.length} runs`],
    ["Run", `${run.name} (${run.id}), GHN Studio ${version}`],
  ];
}

function epochsOf(count: number): string {
  return count === 1 ? "1 epoch" : `${count} epochs`;
}

function percent(value: number): string {
  return Number.isFinite(value) ? `${(100 * value).toFixed(1)} %` : "–";
}
