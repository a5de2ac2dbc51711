/** The outcome of a run: the figures of the closing table, for people and scripts. */

import { FIGURES, figureText } from "../../../src-shared/analysis/figures/figure-list.ts";
import { momentsOf } from "../../../src-shared/analysis/figures/moments.ts";
import { meansByCell } from "../../../src-shared/analysis/figures/trained-cells.ts";
import { count, duration, percent, percentWithDeviation, significant, whole } from "../../../src-shared/analysis/format.ts";
import type { AnytimeTraining } from "../../../src-shared/domain/records/anytime-records.ts";
import { divergedWords, usableTrainings } from "../../../src-shared/domain/records/divergence.ts";
import type { Figures, Moments } from "../../../src-shared/domain/records/figures.ts";
import type { Candidate, RunSummary, Training } from "../../../src-shared/domain/records/run.ts";
import { resolveSubject } from "../../export/subject.ts";
import type { StoreReader } from "../../store/store.ts";
import type { Io } from "./io.ts";
import { facts } from "./tables.ts";

/** Cells of one group, trained from scratch with the same protocol. Accuracies are in [0, 1]. */
export interface GroupOutcome {
  readonly cells: number;
  readonly validationAccuracy: Moments | null;
  readonly testAccuracy: Moments | null;
  readonly parameters: Moments | null;
}

export interface RunResult {
  readonly runId: string;
  readonly cellsRanked: number;
  readonly generationMs: Moments | null;
  readonly evaluationMs: Moments | null;
  readonly winner: {
    readonly name: string;
    readonly canonical: string;
    readonly rank: number | null;
    readonly score: number | null;
    readonly parameters: number;
    readonly multiplyAdds: number;
    readonly epochs: number;
    readonly repetitions: number;
    readonly validationAccuracy: Moments | null;
    readonly testAccuracy: Moments | null;
  } | null;
  /** Top-5 accuracy on test images, mean over trainings; null if not measured. */
  readonly testTop5Accuracy: number | null;
  /** The shortlist of the GHN and the random cells, trained briefly with the same protocol. */
  readonly ghn: GroupOutcome | null;
  readonly random: GroupOutcome | null;
  /** Agreement of scores with accuracies after that training: Spearman correlation over distinct cells, with its 95 % interval. */
  readonly agreement: { readonly spearman: number; readonly n: number; readonly interval: readonly [number, number] | null } | null;
  /** Number of trainings that diverged, which take no part in any other figure. */
  readonly divergedTrainings: number;
  /** The same in words; null without any. */
  readonly divergence: string | null;
  /** Anytime runs only: trained networks by group. */
  readonly areas: readonly AreaOutcome[];
  readonly figures: Figures;
  readonly seconds: number;
}

/** Anytime networks of one group, trained with the same protocol. Areas are in [0, 1], over budgets up to `maxBudget`. */
export interface AreaOutcome {
  readonly group: string;
  readonly networks: readonly string[];
  readonly area: Moments;
  readonly testArea: Moments | null;
  readonly maxBudget: number;
}

/** The outcome of a pipeline or of one of its stages. */
export function outcomeOf(project: { readonly folder: string; readonly store: StoreReader }, run: RunSummary): RunResult {
  const { store } = project;
  const family = [run, ...store.runs.children(run.id)];
  const candidates = family.flatMap((member) => store.candidates.list(member.id, { limit: 1_000_000 }).rows);
  const trainings = family
    .map((member) => store.trainings.list(member.id).filter((training) => training.runId === member.id))
    .filter((list) => list.length > 0);
  const compared = trainings.find((list) => list.some((training) => training.role === "random")) ?? [];
  const { figures } = run;
  // Nothing can be exported of a run whose settings are damaged, but the rest of it is shown.
  const result = store.runs.record(run.id) === null ? null : resolveSubject({ folder: project.folder, ...store }, { type: "run", runId: run.id });
  // While a run decides, its best cell so far is not its winner.
  const { training, candidate } = result?.space === "cell" && figures.winner !== undefined ? result : { training: null, candidate: null };
  const topFive = family.map((member) => store.runs.record(member.id)?.summary["testTop5AccuracyMean"]).findLast((value) => typeof value === "number");
  const every = [...store.trainings.listAll(run.id), ...store.trainings.in("anytime").listAll(run.id)];
  return {
    runId: run.id,
    cellsRanked: figures.ranked ?? candidates.filter((other) => other.role !== "random" && other.score !== null).length,
    generationMs: momentsOf(numbers(candidates, (other) => other.generationMs)),
    evaluationMs: momentsOf(numbers(candidates, (other) => other.evaluationMs)),
    winner: winnerOf(training, candidate, figures),
    testTop5Accuracy: typeof topFive === "number" ? topFive : null,
    ghn: groupOf(
      compared.filter((other) => other.role === "shortlist"),
      figures.shortlistAccuracy,
    ),
    random: groupOf(
      compared.filter((other) => other.role === "random"),
      figures.randomAccuracy,
    ),
    agreement: agreementOf(figures),
    divergedTrainings: every.length - usableTrainings(every).length,
    divergence: divergedWords(every),
    areas: areasOf(store.trainings.in("anytime").list(run.id)),
    figures,
    seconds: run.activeSeconds,
  };
}

const AREA_GROUPS: readonly (readonly [string, (training: AnytimeTraining) => boolean])[] = [
  ["Best of search", ({ role }) => role === "shortlist"],
  ["Random picks", ({ role }) => role === "random"],
  ["Given networks", ({ role }) => role === "none"],
  ["MSDNet", ({ model }) => model.kind === "msdnet"],
  ["ResNet", ({ model }) => model.kind === "resnet"],
];

function areasOf(trainings: readonly AnytimeTraining[]): AreaOutcome[] {
  return AREA_GROUPS.flatMap(([group, belongs]) => {
    const own = trainings.filter(belongs);
    const area = momentsOf(own.map((training) => training.area));
    if (area === null) return [];
    const networks = [...new Set(own.map(({ name }) => name))];
    return [{ group, networks, area, testArea: momentsOf(numbers(own, (training) => training.testArea)), maxBudget: own[0]?.maxBudget ?? 0 }];
  });
}

function winnerOf(training: Training | null, candidate: Candidate | null, { validationAccuracy, testAccuracy }: Figures): RunResult["winner"] {
  const subject = training ?? candidate;
  if (subject === null) return null;
  return {
    name: subject.name,
    canonical: subject.canonical,
    rank: candidate?.rank ?? null,
    score: subject.score,
    parameters: subject.parameters,
    multiplyAdds: subject.multiplyAdds,
    epochs: training?.epochs ?? 0,
    repetitions: validationAccuracy?.n ?? 0,
    validationAccuracy: validationAccuracy ?? null,
    testAccuracy: testAccuracy ?? null,
  };
}

function agreementOf({ rankCorrelation }: Figures): RunResult["agreement"] {
  if (rankCorrelation === undefined) return null;
  const { value, n, interval } = rankCorrelation;
  return { spearman: value, n, interval };
}

/** Deviations are over cells; repetitions of a cell count once, by their mean. */
function groupOf(trainings: readonly Training[], validationAccuracy: Moments | undefined): GroupOutcome | null {
  if (trainings.length === 0) return null;
  const cells = meansByCell(trainings);
  return {
    cells: cells.length,
    validationAccuracy: validationAccuracy ?? momentsOf(cells.map((cell) => cell.mean)),
    testAccuracy: momentsOf(numbers(trainings, (training) => training.testAccuracy)),
    parameters: momentsOf(cells.map((cell) => cell.first.parameters)),
  };
}

/** The closing table of a run. */
export function outcomeTable(io: Io, outcome: RunResult): string {
  const { winner, ghn, random } = outcome;
  const rows: (readonly [string, string])[] = [];
  if (outcome.cellsRanked > 0) {
    const times =
      outcome.generationMs === null || outcome.evaluationMs === null
        ? ""
        : ` (per cell: ${significant(outcome.generationMs.mean, 3)} ms to generate weights, ${significant(outcome.evaluationMs.mean, 3)} ms to evaluate)`;
    rows.push(["Cells ranked", `${whole(outcome.cellsRanked)}${times}`]);
  }
  if (winner !== null) {
    rows.push([
      "Winner",
      `${winner.name}${winner.rank === null ? "" : `, rank ${winner.rank} of the search`}${winner.score === null ? "" : `, score ${percent(winner.score)} with generated weights`}`,
    ]);
    rows.push(["Parameters", `${whole(winner.parameters)}`]);
    rows.push(["Multiply-adds", `${count(winner.multiplyAdds)} per image`]);
    if (winner.testAccuracy !== null)
      rows.push([
        FIGURES.testAccuracy.title,
        `${io.style("bold", momentsText(winner.testAccuracy))} ${winner.repetitions > 1 ? `(mean ± standard deviation of ${winner.repetitions} trainings)` : "(one training)"}`,
      ]);
    if (outcome.testTop5Accuracy !== null) rows.push(["Top-5 accuracy", percent(outcome.testTop5Accuracy)]);
    if (winner.validationAccuracy !== null) rows.push([FIGURES.validationAccuracy.title, momentsText(winner.validationAccuracy)]);
  }
  if (ghn !== null && random !== null) {
    rows.push(["GHN shortlist", groupText(ghn)]);
    rows.push(["Random cells", groupText(random)]);
  }
  const correlation = figureText(outcome.figures, "rankCorrelation", true);
  if (correlation !== null) rows.push([FIGURES.rankCorrelation.title, correlation]);
  for (const { group, networks, area, testArea, maxBudget } of outcome.areas) {
    const trained = area.n > 1 ? `, n = ${area.n}` : networks[0] === group ? "" : `, ${networks[0] ?? ""}`;
    const measured = testArea === null ? `validation ${momentsText(area)}` : `test ${io.style("bold", momentsText(testArea))}, validation ${momentsText(area)}`;
    rows.push([group, `area ${measured} (budgets up to ${count(maxBudget)} multiply-adds${trained})`]);
  }
  if (outcome.divergence !== null) rows.push(["Diverged", io.style("red", outcome.divergence)]);
  rows.push(["Time", duration(outcome.seconds)]);
  return facts(io, rows);
}

function groupText(group: GroupOutcome): string {
  const parts = [
    ...(group.validationAccuracy === null ? [] : [`validation ${momentsText(group.validationAccuracy)}`]),
    ...(group.testAccuracy === null ? [] : [`test ${momentsText(group.testAccuracy)}`]),
    ...(group.parameters === null ? [] : [`${count(group.parameters.mean)} parameters`]),
  ];
  return `${parts.join(", ")} (${group.cells} ${group.cells === 1 ? "cell" : "cells"}, same protocol)`;
}

function momentsText({ mean, deviation }: Moments): string {
  return percentWithDeviation(mean, deviation);
}

function numbers<Item>(items: readonly Item[], of: (item: Item) => number | null): number[] {
  return items.flatMap((item) => {
    const value = of(item);
    return value === null || !Number.isFinite(value) ? [] : [value];
  });
}
