import { describe, expect, it } from "vitest";
import { balancedBatches } from "../../../src-main/engine/evaluation/evaluation.ts";
import { Throughput } from "../../../src-main/engine/jobs/timing.ts";
import { cosineRate, dropPathProbability, halvedRate, type RateSettings, trainingRate } from "../../../src-main/engine/training/schedules.ts";

describe("learning rates", () => {
  it("halves the GHN's rate at epochs 100 and 150 of 200", () => {
    const at = (epoch: number): number => halvedRate(1e-3, [0.5, 0.75], epoch / 200);
    expect(at(0)).toBe(1e-3);
    expect(at(99.9)).toBe(1e-3);
    expect(at(100)).toBe(5e-4);
    expect(at(149.9)).toBe(5e-4);
    expect(at(150)).toBe(2.5e-4);
    expect(at(200)).toBe(2.5e-4);
  });

  it("follows a single-period cosine to zero", () => {
    const schedule = { base: 0.025, factor: 1, warmup: 0 };
    expect(cosineRate(schedule, 0)).toBeCloseTo(0.025, 12);
    expect(cosineRate(schedule, 0.5)).toBeCloseTo(0.0125, 12);
    expect(cosineRate(schedule, 1)).toBeCloseTo(0, 12);
  });

  it("warms a large batch up linearly from the small-batch rate to factor times it", () => {
    const schedule = { base: 0.025, factor: 32, warmup: 0.1 };
    expect(cosineRate(schedule, 0)).toBeCloseTo(0.025, 12);
    expect(cosineRate(schedule, 0.05)).toBeCloseTo((0.025 + 0.8) / 2, 12);
    expect(cosineRate(schedule, 0.1)).toBeCloseTo(0.8, 12);
    expect(cosineRate(schedule, 1)).toBeCloseTo(0, 12);
  });

  const settings: RateSettings = {
    learningRate: 0.1,
    accumulate: 1,
    warmupEpochs: 0,
    epochs: 250,
    schedule: "exponential",
    decayRate: 0.97,
    decayAt: [0.5, 0.75],
  };

  it("multiplies by 0.97 after every epoch, as the paper trains on ImageNet", () => {
    const steps = 10_009;
    const at = (step: number): number => trainingRate(settings, step / (250 * steps));
    expect(at(0)).toBe(0.1);
    expect(at(steps - 1)).toBe(0.1);
    for (const epoch of [1, 2, 3, 77, 249]) {
      expect(at(epoch * steps)).toBeCloseTo(0.1 * 0.97 ** epoch, 12);
      expect(at(epoch * steps - 1)).toBeCloseTo(0.1 * 0.97 ** (epoch - 1), 12);
    }
  });

  it("multiplies at given points, as the paper trains anytime networks", () => {
    const at = (epoch: number): number => trainingRate({ ...settings, epochs: 300, schedule: "step", decayRate: 0.1 }, epoch / 300);
    expect([0, 149, 150, 224, 225, 299].map(at).map((rate) => Number(rate.toPrecision(6)))).toEqual([0.1, 0.1, 0.01, 0.01, 0.001, 0.001]);
  });

  it("warms up before each schedule, and is the cosine where a config has no schedule", () => {
    const large: RateSettings = { ...settings, accumulate: 32, warmupEpochs: 5 };
    expect(trainingRate(large, 0)).toBeCloseTo(0.1, 12);
    expect(trainingRate(large, 2.5 / 250)).toBeCloseTo((0.1 + 3.2) / 2, 12);
    expect(trainingRate(large, 5 / 250)).toBeCloseTo(3.2 * 0.97 ** 5, 12);
    const { schedule: _, ...old } = settings;
    expect(trainingRate(old as RateSettings, 0.3)).toBe(cosineRate({ base: 0.1, factor: 1, warmup: 0 }, 0.3));
  });

  it("has a factor of its own, which is that of the large batch unless it is set", () => {
    const large: RateSettings = { ...settings, accumulate: 32, warmupEpochs: 5 };
    expect(trainingRate({ ...large, learningRateFactor: 32 }, 0.3)).toBe(trainingRate(large, 0.3));
    expect(trainingRate({ ...large, learningRateFactor: 1 }, 0.3)).toBe(trainingRate(settings, 0.3));
    expect(trainingRate({ ...settings, learningRateFactor: 4, warmupEpochs: 5 }, 5 / 250)).toBeCloseTo(0.4 * 0.97 ** 5, 12);
  });

  it("raises drop-path linearly to its final probability", () => {
    expect(dropPathProbability(0.4, 0)).toBe(0);
    expect(dropPathProbability(0.4, 0.5)).toBeCloseTo(0.2, 12);
    expect(dropPathProbability(0.4, 1)).toBe(0.4);
  });
});

describe("evaluation batches", () => {
  it.each([
    [500, 250],
    [501, 250],
    [360, 250],
    [10, 250],
    [1, 250],
  ])("cuts %i images into batches of at most %i that differ by one image at most", (count, size) => {
    const batches = balancedBatches(count, size);
    const sizes = batches.map(({ from, to }) => to - from);
    expect(batches[0]?.from).toBe(0);
    expect(batches.at(-1)?.to).toBe(count);
    for (const [i, batch] of batches.slice(1).entries()) expect(batch.from).toBe(batches[i]?.to);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(size);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  });
});

describe("throughput", () => {
  it("forgets a slow start and does not count pauses", () => {
    const throughput = new Throughput(0, 1);
    expect(throughput.perSecond).toBeUndefined();
    throughput.add(10, 10);
    for (let second = 11; second < 40; second++) throughput.add(100, second);
    expect(throughput.perSecond).toBeCloseTo(100, 3);
    throughput.skipTo(1000);
    throughput.add(100, 1001);
    expect(throughput.perSecond).toBeCloseTo(100, 3);
    expect(throughput.secondsFor(500)).toBeCloseTo(5, 3);
  });
});
