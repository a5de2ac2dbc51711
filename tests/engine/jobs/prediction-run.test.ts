import path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../../../src-main/engine/backend/index.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import { createWorkbench, type Workbench } from "../../../src-main/engine/evaluation/workbench.ts";
import { runPrediction } from "../../../src-main/engine/jobs/prediction-run.ts";
import type { RunEnd, SpaceContext } from "../../../src-main/engine/jobs/run-context.ts";
import type { Proposal } from "../../../src-main/engine/search/strategy.ts";
import { studyArchitectures } from "../../../src-main/engine/search/study-architectures.ts";
import type { CellTypes } from "../../../src-main/engine/spaces/cell/types.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import type { Checkpoint } from "../../../src-main/engine/training/checkpoint.ts";
import { predictionRunSchema } from "../../../src-shared/domain/config/study-config.ts";
import type { CellCandidateMessage } from "../../../src-shared/worker-protocol.ts";

const config = predictionRunSchema.parse({
  kind: "prediction",
  dataset: { validationImages: 200, trainImages: 200 },
  network: { blocks: 2, initialChannels: 4, reductions: [1] },
  space: { nodes: 3 },
  cells: { count: 4, seed: 7 },
  predictors: {
    proxyImages: 16,
    sgdSteps: [1, 3],
    sgd: { batchSize: 16, dropPath: 0, auxiliaryWeight: 0, augmentation: { cropPadding: 1, horizontalFlip: false } },
  },
});
const studyCells = ({ space, cells }: Pick<typeof config, "space" | "cells">): Proposal<CellTypes["architecture"]>[] =>
  studyArchitectures(SPACES.cell, space, cells);
let bench: Workbench;

beforeAll(async () => {
  const backend = await initBackend();
  const dataset = await openDataset({ id: "digits" }, { dataRoot: path.resolve("resources/data") });
  bench = createWorkbench(backend, dataset, config.dataset);
});

/** A context that records reports and requests a stop once this many cells have been measured. */
function contextOf(stopAfter: number): { context: SpaceContext<CellTypes>; candidates: CellCandidateMessage[]; checkpoint: () => Checkpoint | null } {
  const candidates: CellCandidateMessage[] = [];
  let checkpoint: Checkpoint | null = null;
  const ignore = (): void => undefined;
  const context: SpaceContext<CellTypes> = {
    metric: ignore,
    candidate: (candidate) => void candidates.push({ ...candidate, space: "cell" }),
    training: ignore,
    log: ignore,
    progress: ignore,
    current: ignore,
    roles: ignore,
    breathe: () => Promise.resolve(),
    get stopRequested() {
      return candidates.length >= stopAfter;
    },
    checkpointDue: false,
    saveCheckpoint: (step, tensors, state, keep) => {
      checkpoint = { step, tensors, state: JSON.parse(JSON.stringify(state)) as unknown, keep };
      return Promise.resolve();
    },
    saveTensors: () => Promise.resolve(),
  };
  return { context, candidates, checkpoint: () => checkpoint };
}

const valuesOf = (candidates: readonly CellCandidateMessage[]): unknown => candidates.map(({ canonical, predictions }) => ({ canonical, predictions }));

describe("predictions of a study", () => {
  it("measures all proxies and SGD steps on distinct cells, and goes on after a stop with the same values", async () => {
    const whole = contextOf(Number.POSITIVE_INFINITY);
    const end: RunEnd = await runPrediction(bench, SPACES.cell, config, whole.context, null);
    expect(end).toMatchObject({ type: "done", summary: { cells: 4, predictors: 9 } });
    expect(Object.keys(whole.candidates[0]?.predictions ?? {})).toEqual([
      "parameters",
      "multiply-adds",
      "gradient norm",
      "synflow",
      "jacobian covariance",
      "NWOT",
      "SWAP",
      "SGD 1",
      "SGD 3",
    ]);
    expect(new Set(whole.candidates.map(({ canonical }) => canonical)).size).toBe(4);
    expect(whole.candidates.every(({ predictions }) => Object.values(predictions ?? {}).every((value) => typeof value === "number"))).toBe(true);

    const first = contextOf(2);
    expect(await runPrediction(bench, SPACES.cell, config, first.context, null)).toEqual({ type: "stopped", step: 2 });
    const second = contextOf(Number.POSITIVE_INFINITY);
    await runPrediction(bench, SPACES.cell, config, second.context, first.checkpoint());
    expect(valuesOf([...first.candidates, ...second.candidates])).toEqual(valuesOf(whole.candidates));
  });

  it("has no value for a network whose loss exploded without becoming infinite", async () => {
    const { predictors } = config;
    const sgd = { ...predictors.sgd, learningRate: 10, gradientClip: 0, warmupEpochs: 0 };
    const told = contextOf(Number.POSITIVE_INFINITY);
    await runPrediction(bench, SPACES.cell, { ...config, predictors: { ...predictors, proxies: false, sgdSteps: [40], sgd } }, told.context, null);
    expect(told.candidates.map(({ predictions }) => predictions?.["SGD 40"])).toEqual([null, null, null, null]);
  });

  it("divides the time of a predictor by the cells that it was measured on, also after a stop", async () => {
    const some = { ...config, predictors: { ...config.predictors, proxies: false, sgdSteps: [1, 12] } };
    // The training of the first cell ends after ten batches in a row that are not finite, before its second measurement.
    let feeds = 0;
    const broken = Object.assign(Object.create(bench) as Workbench, {
      feed: (options: Parameters<Workbench["feed"]>[0]) => {
        const feed = bench.feed(options);
        feeds += 1;
        const bad = feeds === 1;
        let batch = 0;
        return Object.assign(Object.create(feed) as typeof feed, {
          async next() {
            const made = await feed.next();
            batch += 1;
            if (bad && batch > 1) made.images[0] = Number.NaN;
            return made;
          },
        });
      },
    });
    const first = contextOf(2);
    await runPrediction(broken, SPACES.cell, some, first.context, null);
    expect(first.candidates.map(({ predictions }) => predictions?.["SGD 12"] === null)).toEqual([true, false]);
    const second = contextOf(Number.POSITIVE_INFINITY);
    const end = await runPrediction(broken, SPACES.cell, some, second.context, first.checkpoint());
    const { milliseconds = {} } = (second.checkpoint()?.state ?? {}) as { readonly milliseconds?: Readonly<Record<string, number>> };
    expect(end).toMatchObject({
      summary: { cells: 4, "ms SGD 1": (milliseconds["SGD 1"] ?? Number.NaN) / 4, "ms SGD 12": (milliseconds["SGD 12"] ?? Number.NaN) / 3 },
    });
  });

  it("draws the same cells again from seed and space alone", () => {
    const other = { ...config, network: { ...config.network, blocks: 3 }, seed: 99 };
    expect(studyCells(other).map(({ canonical }) => canonical)).toEqual(studyCells(config).map(({ canonical }) => canonical));
    expect(studyCells({ ...config, cells: { count: 4, seed: 8 } })[0]?.canonical).not.toBe(studyCells(config)[0]?.canonical);
  });
});
