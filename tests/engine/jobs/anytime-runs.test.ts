import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend, tf } from "../../../src-main/engine/backend/index.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import { createWorkbench, type Workbench } from "../../../src-main/engine/evaluation/workbench.ts";
import { writeSafetensors } from "../../../src-main/engine/formats/safetensors.ts";
import { runGhnTraining } from "../../../src-main/engine/jobs/ghn-training-run.ts";
import { runNetworkTraining } from "../../../src-main/engine/jobs/network-training-run.ts";
import type { SpaceContext } from "../../../src-main/engine/jobs/run-context.ts";
import { runSearch } from "../../../src-main/engine/jobs/search-run.ts";
import type { AnytimeTypes } from "../../../src-main/engine/spaces/anytime/types.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import type { Checkpoint } from "../../../src-main/engine/training/checkpoint.ts";
import { areaUnderCurve } from "../../../src-shared/analysis/curves/anytime-curve.ts";
import { msdNetSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { anytimeGhnRunSchema, anytimeSearchRunSchema, anytimeTrainingRunSchema } from "../../../src-shared/domain/config/anytime-config.ts";
import type { AnytimeCandidateMessage, AnytimeTrainingMessage } from "../../../src-shared/worker-protocol.ts";
import { tensorflowMissing } from "../backend/support/available.ts";

const missing = await tensorflowMissing();

const common = {
  seed: 3,
  dataset: { id: "digits" as const, validationImages: 60, trainImages: 256 },
  network: { initialChannels: 4 },
};
const space = { nodes: [4, 2, 2], exits: 3 };
const augmentation = { cropPadding: 1, horizontalFlip: false };

/** Records the reports of a run, and requests a stop after this many calls of `breathe`. */
class Told implements SpaceContext<AnytimeTypes> {
  readonly candidates: AnytimeCandidateMessage[] = [];
  readonly trainings: AnytimeTrainingMessage[] = [];
  readonly points: string[] = [];
  roleLists: [readonly number[], readonly number[]] = [[], []];
  checkpoint: Checkpoint | null = null;
  stopRequested = false;
  readonly checkpointDue = false;
  readonly file: string;
  private breaths: number;

  constructor(file: string, breaths = Infinity) {
    this.file = file;
    this.breaths = breaths;
  }

  metric: SpaceContext<AnytimeTypes>["metric"] = (name, step, _epoch, value, series = 0) => {
    if (name !== "images-per-second") this.points.push(`${name} ${series} ${step} ${value}`);
  };
  candidate: SpaceContext<AnytimeTypes>["candidate"] = (candidate) => void this.candidates.push({ ...candidate, space: "anytime" });
  training: SpaceContext<AnytimeTypes>["training"] = (training) => void this.trainings.push({ ...training, space: "anytime" });
  log(): void {}
  progress(): void {}
  current(): void {}
  roles: SpaceContext<AnytimeTypes>["roles"] = (shortlist, random) => {
    this.roleLists = [shortlist, random];
  };
  breathe(): Promise<void> {
    this.breaths -= 1;
    if (this.breaths <= 0) this.stopRequested = true;
    return Promise.resolve();
  }
  saveCheckpoint: SpaceContext<AnytimeTypes>["saveCheckpoint"] = (step, tensors, state, keep) => {
    this.checkpoint = { step, tensors: new Map(tensors), state: JSON.parse(JSON.stringify(state)) as unknown, keep };
    return Promise.resolve();
  };
  saveTensors: SpaceContext<AnytimeTypes>["saveTensors"] = async (_kind, _name, tensors, metadata) =>
    void (await writeSafetensors(this.file, tensors, metadata));
}

const timeless = ({ generationMs: _g, evaluationMs: _e, ...rest }: AnytimeCandidateMessage): object => rest;
const untimed = ({ seconds: _s, ...rest }: AnytimeTrainingMessage): object => rest;

describe.skipIf(missing !== undefined)("runs of the anytime space", () => {
  let backend: Backend;
  let bench: Workbench;
  let folder: string;

  beforeAll(async () => {
    backend = await initBackend({ prefer: "tensorflow", threads: 1 });
    bench = createWorkbench(backend, await openDataset({ id: "digits" }, { dataRoot: "." }), { splitSeed: 0, ...common.dataset });
    folder = await mkdtemp(join(tmpdir(), "anytime-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Runs without interruption, and again with a stop in the middle; both must report the same and leave no tensors. */
  const bothWays = async (
    work: (context: Told, checkpoint: Checkpoint | null) => Promise<{ type: string }>,
    stopAfter: number,
  ): Promise<[Told, Told, Told]> => {
    const whole = new Told(join(folder, "whole.safetensors"));
    expect((await work(whole, null)).type).toBe("done");
    // TensorFlow's kernels keep small constants after their first use.
    const before = tf.memory().numTensors;
    const first = new Told(join(folder, "ghn.safetensors"), stopAfter);
    expect((await work(first, null)).type).toBe("stopped");
    const second = new Told(join(folder, "ghn.safetensors"));
    expect((await work(second, first.checkpoint)).type).toBe("done");
    expect([...first.points, ...second.points]).toEqual(whole.points);
    expect(tf.memory().numTensors).toBe(before);
    return [whole, first, second];
  };

  it("train a GHN, search and train, and resume with the same numbers", async () => {
    const ghn = anytimeGhnRunSchema.parse({
      kind: "anytime-ghn",
      ...common,
      space,
      ghn: { hiddenSize: 8, messageHiddenSize: 8, decoderHiddenSize: 16, propagationSteps: 2 },
      training: { epochs: 2, batchSize: 32, validationCells: 2, validationImages: 60, maxBudget: 300_000, augmentation },
    });
    await bothWays((context, checkpoint) => runGhnTraining(bench, SPACES.anytime, ghn, context, checkpoint), 5);

    const search = anytimeSearchRunSchema.parse({
      kind: "anytime-search",
      ...common,
      space,
      ghnRunId: "ghn",
      search: { samples: 6, validationImages: 60, batchSize: 60, maxBudget: 300_000, shortlist: 2, randomBaseline: 2 },
    });
    const [found, first, second] = await bothWays(
      (context, checkpoint) => runSearch(bench, SPACES.anytime, search, join(folder, "ghn.safetensors"), context, checkpoint),
      1,
    );
    expect([...first.candidates, ...second.candidates].map(timeless)).toEqual(found.candidates.map(timeless));
    expect(new Set(found.candidates.slice(0, 6).map(({ canonical }) => canonical)).size).toBe(6);
    expect(found.roleLists[1]).toEqual([6, 7]);
    // The best score so far is that of the search; the random baseline does not compete.
    expect(found.points.filter((point) => point.startsWith("search/score"))).toHaveLength(8);
    expect(found.points.filter((point) => point.startsWith("search/best"))).toHaveLength(6);
    for (const { exits, score, maxBudget, chance, multiplyAdds } of found.candidates) {
      expect(exits).toHaveLength(3);
      expect(score).toBeCloseTo(areaUnderCurve(exits, { maxMultiplyAdds: maxBudget, chance }), 12);
      expect(exits.at(-1)?.multiplyAdds).toBe(multiplyAdds);
    }
    const best = [...found.candidates.slice(0, 6)].sort((a, b) => b.score - a.score || (a.scoreLoss ?? 0) - (b.scoreLoss ?? 0))[0];
    expect(found.roleLists[0][0]).toBe(best?.index);

    const training = anytimeTrainingRunSchema.parse({
      kind: "anytime-training",
      ...common,
      source: { from: "networks", networks: [] },
      training: { epochs: 1, batchSize: 32, multiplyAddBudget: 200_000, maxBudget: 300_000, augmentation },
    });
    const msdnet = msdNetSchema.parse({ kind: "msdnet", exits: 2, base: 1, step: 1, channels: 4, growth: 2, classifierChannels: 4 });
    const [winner] = found.candidates;
    if (winner === undefined) throw new Error("Nothing was found.");
    const subjects = [
      {
        space: "anytime" as const,
        name: "Winner",
        model: { kind: "cells" as const, architecture: winner.architecture },
        canonical: winner.canonical,
        candidateId: 1,
        role: "shortlist" as const,
        score: winner.score,
      },
      { space: "anytime" as const, name: "MSDNet", model: msdnet, canonical: "msdnet", candidateId: null, role: "reference" as const, score: null },
    ];
    const [trained, part, rest] = await bothWays(
      (context, checkpoint) => runNetworkTraining(bench, SPACES.anytime, training, subjects, context, checkpoint),
      12,
    );
    expect([...part.trainings, ...rest.trainings].map(untimed)).toEqual(trained.trainings.map(untimed));
    expect(trained.trainings.map(({ name, exits }) => [name, exits.length])).toEqual([
      ["Winner", 3],
      ["MSDNet", 2],
    ]);
    for (const { multiplyAdds, initialChannels, exits, area, testArea, maxBudget, chance, role } of trained.trainings) {
      if (role === "shortlist") {
        expect(multiplyAdds).toBeLessThanOrEqual(200_000);
        expect(initialChannels).toBeGreaterThan(1);
      } else expect(initialChannels).toBeNull();
      expect(area).toBeCloseTo(areaUnderCurve(exits, { maxMultiplyAdds: maxBudget, chance }), 12);
      expect(testArea).toBeGreaterThan(0);
    }
  });

  it("learn: the sum of exit losses falls, and accuracies at the exits rise above chance", async () => {
    const config = anytimeTrainingRunSchema.parse({
      kind: "anytime-training",
      ...common,
      source: { from: "networks", networks: [] },
      training: { epochs: 16, batchSize: 32, maxBudget: 300_000, augmentation },
    });
    const msdnet = msdNetSchema.parse({ kind: "msdnet", exits: 2, base: 1, step: 1, channels: 8, growth: 4, classifierChannels: 16 });
    const told = new Told(join(folder, "msdnet.safetensors"));
    await runNetworkTraining(
      bench,
      SPACES.anytime,
      config,
      [{ space: "anytime", name: "MSDNet", model: msdnet, canonical: "msdnet", candidateId: null, role: "reference", score: null }],
      told,
      null,
    );
    const losses = told.points.filter((point) => point.startsWith("train/loss")).map((point) => Number(point.split(" ").at(-1)));
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
    // The last point of the area is the result.
    expect(told.points.findLast((point) => point.startsWith("anytime/area"))).toBe(`anytime/area 0 ${losses.length} ${told.trainings[0]?.area}`);
    for (const exit of told.trainings[0]?.exits ?? []) expect(exit.accuracy).toBeGreaterThan(0.6);
  });
});
