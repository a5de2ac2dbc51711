import { describe, expect, test } from "vitest";
import type { Calibration } from "../../../src-main/api/estimate/calibration.ts";
import { estimateRun } from "../../../src-main/api/estimate/estimate-run.ts";
import { fitCosts, secondsOf } from "../../../src-main/api/estimate/fit.ts";
import { listPresets } from "../../../src-main/config/presets.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { runConfigSchema } from "../../../src-shared/domain/config/run-config.ts";

describe("fitting of costs", () => {
  const random = Rng.fromSeed(3, "fit");
  const costs = [2e-5, 4e-11, 3e-9];
  const works = Array.from({ length: 6 }, () => [100 + 900 * random.uniform(), 1e6 + 1e9 * random.uniform(), 1e4 + 1e7 * random.uniform()]);

  test("recovers the costs that produced the times", () => {
    const found = fitCosts(works.map((work) => ({ work, seconds: secondsOf(work, costs) })));
    for (const [kind, cost] of found.entries()) expect(cost / (costs[kind] ?? 1)).toBeCloseTo(1, 6);
  });

  test("never returns negative costs, whatever the noise", () => {
    for (let i = 0; i < 50; i++) {
      const found = fitCosts(works.map((work) => ({ work, seconds: secondsOf(work, costs) * (0.3 + 1.4 * random.uniform()) })));
      expect(found.every((cost) => cost >= 0)).toBe(true);
      expect(found.some((cost) => cost > 0)).toBe(true);
    }
  });

  test("kinds of work that always occur together share the cost", () => {
    const found = fitCosts([
      { work: [1, 2], seconds: 3 },
      { work: [2, 4], seconds: 6 },
    ]);
    expect(secondsOf([10, 20], found)).toBeCloseTo(30, 6);
  });
});

describe("the estimate of a run", () => {
  const calibration: Calibration = {
    version: 1,
    backend: "tensorflow-cpu",
    device: "CPU, 2 threads",
    library: "TensorFlow 2.21.0",
    measuredAt: "2026-01-02T03:04:05Z",
    training: [1e-4, 4e-11, 1e-8],
    inference: [3e-5, 1.5e-11, 4e-9],
    generationTraining: [2e-5, 4e-8],
    generation: [1e-5, 1e-8],
    baseBytes: 4e8,
    bytesPerActivation: 40,
  };
  const images = { input: { height: 8, width: 8, channels: 1, classes: 10 }, trainImages: 1437, testImages: 360 };

  test("a pipeline has its four stages, and they add up", async () => {
    const demo = (await listPresets()).find((preset) => preset.id === "demo");
    if (demo === undefined) throw new Error("There is no demo preset.");
    const estimate = estimateRun(demo.config, images, calibration);
    expect(estimate.stages.map((stage) => stage.name)).toEqual(["Train GHN", "Search", "Train shortlist", "Train winner"]);
    expect(estimate.seconds).toBeCloseTo(
      estimate.stages.reduce((sum, stage) => sum + stage.seconds, 0),
      6,
    );
    expect(estimate.memoryBytes).toBeGreaterThan(4e8);
    expect(estimate.diskBytes).toBeGreaterThan(0);
    expect(estimate.basis).toContain("TensorFlow 2.21.0");
  });

  test("twice the epochs take about twice the time; larger batches take more memory", () => {
    const config = (epochs: number, batchSize: number): Parameters<typeof estimateRun>[0] =>
      runConfigSchema.parse({
        kind: "ghn-training",
        dataset: { validationImages: 237 },
        network: { blocks: 3, initialChannels: 8, reductions: [1] },
        training: { epochs, batchSize, validationImages: 100, augmentation: {} },
      });
    const one = estimateRun(config(20, 32), images, calibration);
    const two = estimateRun(config(40, 32), images, calibration);
    expect(two.seconds / one.seconds).toBeGreaterThan(1.7);
    expect(two.seconds / one.seconds).toBeLessThan(2.1);
    expect(estimateRun(config(20, 128), images, calibration).memoryBytes).toBeGreaterThan(one.memoryBytes);
  });
});
