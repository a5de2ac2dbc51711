/** Small runs of every kind with stages, and the numbers that they leave in a project. */
import { viewProject } from "../../../src-main/store/project/project.ts";
import type { RunSummary } from "../../../src-shared/domain/records/run.ts";
import { runQuerySchema } from "../../../src-shared/domain/records/run-history.ts";

const compute = { threads: 1 };
const dataset = { id: "digits", validationImages: 100, trainImages: 600 };
const network = { blocks: 2, initialChannels: 8, reductions: [1] };
const ghn = { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 16, propagationSteps: 1 };
const augmentation = { cropPadding: 1, horizontalFlip: false };
const training = { nodes: 3, epochs: 3, batchSize: 32, validationCells: 2, validationImages: 50, validateEvery: 0.5, augmentation };
const short = { epochs: 1, batchSize: 32, augmentation };

/** Runs of some ten seconds each, with a checkpoint every second. */
export const SMALL_RUNS = {
  pipeline: {
    kind: "pipeline",
    seed: 3,
    checkpointEvery: 1,
    compute,
    dataset,
    network,
    ghn,
    space: { nodes: 3 },
    training,
    search: { samples: 40, validationImages: 100, batchSize: 100, shortlist: 2, randomBaseline: 2 },
    compare: short,
    final: { ...short, epochs: 2, repetitions: 2 },
  },
  study: {
    kind: "study",
    seed: 3,
    checkpointEvery: 1,
    compute,
    dataset,
    network,
    space: { nodes: 3 },
    cells: { count: 5, seed: 1 },
    seeds: [1],
    validationImages: 100,
    noiseCells: 2,
    truthRuns: 1,
    truth: short,
    predictors: { proxyImages: 16, sgdSteps: [3, 6], sgd: short },
    variants: [
      { name: "GHN", ghn, training: { ...training, epochs: 2 } },
      { name: "One-shot", ghn: { ...ghn, generator: "one-shot" }, training: { ...training, epochs: 1 } },
    ],
  },
  anytime: {
    kind: "anytime",
    seed: 3,
    checkpointEvery: 1,
    compute,
    dataset,
    network: { initialChannels: 4 },
    ghn,
    space: { nodes: [4, 3], exits: 3, scales: 2 },
    training: { epochs: 2, batchSize: 32, validationCells: 2, validationImages: 50, augmentation },
    search: { samples: 10, validationImages: 50, batchSize: 50, shortlist: 2, randomBaseline: 2 },
    winners: 1,
    randomPicks: 1,
    references: [{ kind: "msdnet", exits: 3, base: 1, step: 1, channels: 4, growth: 4, factors: [1, 2], bottleneckFactors: [1, 2], classifierChannels: 16 }],
    final: { epochs: 1, batchSize: 32, augmentation },
  },
} as const;
export type SmallRun = keyof typeof SMALL_RUNS;
export const SMALL_RUN_NAMES = Object.keys(SMALL_RUNS) as SmallRun[];

/** Curves of the load and the speed of the machine, which differ from run to run. */
const MACHINE = /^(system\/|images-per-second|.*seconds)/;

/** The newest top-level run of a project that no program holds open; null if there is none. */
export function newestRun(folder: string): RunSummary | null {
  const view = viewProject(folder);
  try {
    return view.store.runs.query(runQuerySchema.parse({ topLevelOnly: true })).rows[0] ?? null;
  } finally {
    view.close();
  }
}

/** Every number of the newest run and its stages that does not depend on the machine, as text that can be compared. */
export function numbersOf(folder: string): string {
  const view = viewProject(folder);
  try {
    const { runs, metrics, candidates, trainings } = view.store;
    const [top] = runs.query(runQuerySchema.parse({ topLevelOnly: true })).rows;
    if (top === undefined) return "no run";
    const family = [top, ...runs.children(top.id)];
    return JSON.stringify(
      family.map((run) => ({
        kind: run.kind,
        stage: run.stage,
        status: run.status,
        metrics: metrics
          .all(run.id)
          .filter(({ name }) => !MACHINE.test(name))
          .map(({ name, series, step, epoch, value }) => ({ name, series, step, epoch, value }))
          .sort((a, b) => a.name.localeCompare(b.name) || a.series - b.series),
        candidates: [
          ...candidates.list(run.id, { limit: 10_000, sort: "index" }).rows,
          ...candidates.in("anytime").list(run.id, { limit: 10_000, sort: "index" }).rows,
        ].map((row) => withoutMachine(row)),
        trainings: [...trainings.in("cell").listAll(run.id), ...trainings.in("anytime").listAll(run.id)]
          .filter(({ runId }) => runId === run.id)
          .map((row) => withoutMachine(row)),
      })),
    );
  } finally {
    view.close();
  }
}

/** The row without ids, which are random, and without times. */
function withoutMachine(row: object): unknown {
  return JSON.parse(JSON.stringify(row, (key, value: unknown) => (/(^id$|Id$|Ms$|[sS]econds|[cC]reatedAt|weights|artifact)/.test(key) ? undefined : value)));
}

/** Where two texts of {@link numbersOf} differ, in words. */
export function firstDifference(expected: string, found: string): string {
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at++;
  return `…${expected.slice(Math.max(0, at - 80), at + 40)}… became …${found.slice(Math.max(0, at - 80), at + 40)}…`;
}
