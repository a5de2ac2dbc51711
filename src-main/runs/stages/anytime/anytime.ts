import type { AnytimeRun, AnytimeTrainingSettings, RunConfig } from "../../../../src-shared/domain/config/run-config.ts";
import { DATASETS } from "../../../../src-shared/domain/dataset-facts.ts";
import type { AnytimeTraining } from "../../../../src-shared/domain/records/anytime-records.ts";
import { STAGE_TITLES } from "../../../../src-shared/domain/records/stages.ts";
import type { Project } from "../../../store/project/project.ts";
import type { RunRecord } from "../../../store/records/runs.ts";
import { allDiverged } from "../../outcomes/run-outcome.ts";
import type { StagedKind, StagePlan } from "../stages.ts";

/** Stages of an anytime experiment, in order. */
const ANYTIME_STAGES = ["ghn", "search", "train"] as const;
type Stage = (typeof ANYTIME_STAGES)[number];

/** Trains a GHN on the anytime space, ranks networks by area, and trains the winner, random networks and references. */
export function anytimeKind(project: Project): StagedKind {
  const configOf = (runId: string): AnytimeRun => {
    const config = project.store.runs.record(runId)?.config;
    if (config?.kind !== "anytime") throw new Error(`Run ${runId} is not an anytime experiment.`);
    return config;
  };
  return {
    plan: (runId) => ({ stages: anytimePlan(configOf(runId)), complete: true }),
    conclude(runId, done) {
      const all = project.store.trainings.in("anytime").listAll(runId);
      const usable = all.filter(({ divergence }) => divergence === undefined);
      const isWinner = ({ role }: AnytimeTraining): boolean => role === "shortlist";
      // Random picks and references alone are not a result of a search.
      if (all.some(isWinner) && !usable.some(isWinner)) return allDiverged("winners", all.find(isWinner)?.divergence);
      const summary = anytimeSummary(configOf(runId), usable, project.store.runs.record(done.get("search") ?? "")?.summary ?? {});
      const divergedTrainings = all.length - usable.length;
      return { status: "completed", failure: null, summary: divergedTrainings === 0 ? summary : { ...summary, divergedTrainings } };
    },
  };
}

/** The stages with their configs. */
function anytimePlan(run: AnytimeRun): StagePlan[] {
  const work = stageWork(run);
  return ANYTIME_STAGES.map((stage, i) => ({
    key: stage,
    title: STAGE_TITLES[stage],
    after: ANYTIME_STAGES.slice(Math.max(0, i - 1), i),
    work: work[stage],
    config: (done) => stageConfig(run, stage, done),
  }));
}

function stageConfig(run: AnytimeRun, stage: Stage, done: ReadonlyMap<string, string>): RunConfig {
  const { seed, dataset, network, compute, checkpointEvery, space, ghn, training, search, winners, randomPicks, references, final } = run;
  const common = { seed, dataset, network, compute, checkpointEvery };
  const before = (name: Stage): string => {
    const id = done.get(name);
    if (id === undefined) throw new Error(`The stage ${stage} cannot start before ${name} is done.`);
    return id;
  };
  switch (stage) {
    case "ghn":
      return { kind: "anytime-ghn", ...common, space, ghn, training };
    case "search":
      return { kind: "anytime-search", ...common, ghnRunId: before("ghn"), space, search };
    case "train":
      return {
        kind: "anytime-training",
        ...common,
        source: { from: "search", runId: before("search"), top: winners, random: randomPicks },
        references,
        training: final,
        measureTest: true,
      };
  }
}

/** Assumed number of images of a dataset that has not been opened yet. */
const DEFAULT_IMAGES = 10_000;
/** A training step costs about three forward passes. */
const TRAINING_COST = 3;

/** Work of the stages in networks times images. Networks with a random number of nodes have about half of the nodes on average. */
function stageWork(run: AnytimeRun): Readonly<Record<Stage, number>> {
  const { dataset, training, search, final } = run;
  const known = DATASETS[dataset.id].trainImages || DEFAULT_IMAGES;
  const images = Math.min(dataset.trainImages ?? Infinity, Math.max(known - dataset.validationImages, known / 2));
  const trained = run.winners + run.randomPicks + run.references.length;
  return {
    ghn: TRAINING_COST * training.epochs * training.metaBatch * images * (training.randomNodes ? 0.5 : 1),
    search: (search.samples + search.randomBaseline) * search.validationImages,
    train: TRAINING_COST * trainings(final, trained) * final.epochs * images,
  };
}

function trainings({ repetitions }: AnytimeTrainingSettings, networks: number): number {
  return repetitions * networks;
}

/** The results of the experiment: test areas of the winner, the random picks and each reference, over the budget range of the final training. */
function anytimeSummary(run: AnytimeRun, all: readonly AnytimeTraining[], search: RunRecord["summary"]): RunRecord["summary"] {
  const facts: Record<string, string | number | boolean | null> = { networksRanked: search["cellsScored"] ?? null, maxBudget: run.final.maxBudget };
  const mean = (group: readonly AnytimeTraining[], of: (training: AnytimeTraining) => number | null): number | null => {
    const values = group.flatMap((training) => of(training) ?? []);
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  const add = (name: string, group: readonly AnytimeTraining[]): void => {
    if (group.length === 0) return;
    facts[`${name}Area`] = mean(group, ({ area }) => area);
    facts[`${name}TestArea`] = mean(group, ({ testArea }) => testArea);
    facts[`${name}Trainings`] = group.length;
  };
  add(
    "winner",
    all.filter(({ role }) => role === "shortlist"),
  );
  add(
    "random",
    all.filter(({ role }) => role === "random"),
  );
  for (const kind of ["msdnet", "resnet"] as const)
    add(
      kind,
      all.filter(({ model }) => model.kind === kind),
    );
  const winner = [...all].filter(({ role }) => role === "shortlist").sort((a, b) => b.area - a.area)[0];
  if (winner !== undefined) {
    facts.winner = winner.name;
    facts.winnerParameters = winner.parameters;
    facts.winnerMultiplyAdds = winner.multiplyAdds;
    facts.winnerScore = winner.score;
  }
  return facts;
}
