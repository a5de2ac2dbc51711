import { describe, expect, it } from "vitest";

import { classHistogram, splitDataset, splitWarnings, stratifiedSample, takeImages } from "../../../src-main/engine/datasets/images/split.ts";
import { channelStatistics, datasetFingerprint } from "../../../src-main/engine/datasets/images/statistics.ts";
import { holdOutTestPart } from "../../../src-main/engine/datasets/images/test-part.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { dataset, imageSet, userErrorOf } from "./support/helpers.ts";

const uneven = (() => {
  const set = imageSet(1003, 2, 1, 10);
  // Class 0 is three times as frequent as the others.
  return { ...set, labels: Uint8Array.from({ length: 1003 }, (_, i) => (i % 12 < 3 ? 0 : (i % 12) - 2)) };
})();

describe("splitDataset", () => {
  const data = dataset(uneven, imageSet(200, 2, 1, 10, 2), 10);

  it("divides into disjoint parts that together are everything", () => {
    const { train, validation, test } = splitDataset(data, { validationCount: 203, seed: 1 });
    expect(validation).toHaveLength(203);
    expect(train).toHaveLength(800);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual(Array.from({ length: 1003 }, (_, i) => i));
    expect([...test]).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it("keeps the share of every class to within one image", () => {
    const { validation, train } = splitDataset(data, { validationCount: 203, seed: 5, trainLimit: 77 });
    const whole = classHistogram(uneven, 10);
    for (const [part, size] of [
      [validation, 203],
      [train, 77],
    ] as const) {
      const counts = classHistogram(takeImages(uneven, part), 10);
      expect(counts.reduce((a, b) => a + b)).toBe(size);
      counts.forEach((count, label) => {
        expect(Math.abs(count - ((whole[label] ?? 0) * size) / 1003)).toBeLessThanOrEqual(1.5);
      });
    }
  });

  it("is a function of the seed; limits leave the other parts alone", () => {
    const a = splitDataset(data, { validationCount: 100, seed: "x" });
    expect(splitDataset(data, { validationCount: 100, seed: "x" })).toEqual(a);
    expect(splitDataset(data, { validationCount: 100, seed: "y" }).validation).not.toEqual(a.validation);
    const limited = splitDataset(data, { validationCount: 100, seed: "x", trainLimit: 50, testLimit: 40 });
    expect(limited.validation).toEqual(a.validation);
    expect(limited.train).toHaveLength(50);
    expect(limited.test).toHaveLength(40);
    const pool = new Set(a.train);
    expect([...limited.train].every((i) => pool.has(i))).toBe(true);
    expect(classHistogram(takeImages(data.test, limited.test), 10)).toEqual(new Array(10).fill(4));
  });

  it("keeps a dataset's own validation part and never trains on it", () => {
    const given = Uint32Array.from({ length: 60 }, (_, i) => 900 + i);
    const own = { ...data, givenValidation: given };
    const whole = splitDataset(own, { validationCount: 500, seed: 1 });
    expect([...whole.validation]).toEqual([...given]);
    const thin = splitDataset(own, { validationCount: 20, seed: 1 });
    expect(thin.validation).toHaveLength(20);
    expect([...thin.validation].every((i) => i >= 900 && i < 960)).toBe(true);
    expect([...thin.train].some((i) => i >= 900 && i < 960)).toBe(false);
    expect(thin.train).toHaveLength(943);
  });

  it("refuses counts that cannot be met, naming the field", async () => {
    for (const [options, field] of [
      [{ validationCount: 1003, seed: 1 }, "validationCount"],
      [{ validationCount: -1, seed: 1 }, "validationCount"],
      [{ validationCount: 1.5, seed: 1 }, "validationCount"],
      [{ validationCount: 1, seed: 1, trainLimit: 0 }, "trainLimit"],
      [{ validationCount: 1, seed: 1, testLimit: Number.NaN }, "testLimit"],
    ] as const) {
      const error = await userErrorOf(() => splitDataset(data, options));
      expect(error.code).toBe("split-invalid");
      expect(error.field).toBe(field);
    }
    const everything = { ...data, givenValidation: Uint32Array.from({ length: 1003 }, (_, i) => i) };
    expect((await userErrorOf(() => splitDataset(everything, { validationCount: 10, seed: 1 }))).code).toBe("split-invalid");
  });

  it("leaves a training image to every class, and names the classes where that is impossible", () => {
    // Ten classes of one image each, and one of thirty.
    const labels = Uint8Array.from({ length: 40 }, (_, i) => Math.min(i, 10));
    const set = { ...imageSet(40, 2, 1, 11), labels };
    const few = dataset(set, imageSet(11, 2, 1, 11), 11);
    for (let seed = 0; seed < 50; seed++) {
      const apart = holdOutTestPart(set, String(seed));
      expect(apart.test).toHaveLength(8);
      expect(classHistogram(takeImages(set, apart.train), 11).every((count) => count >= 1)).toBe(true);
      const split = splitDataset(few, { validationCount: 12, seed, trainLimit: 13 });
      expect([split.validation.length, split.train.length]).toEqual([12, 13]);
      expect(classHistogram(takeImages(set, split.train), 11).every((count) => count >= 1)).toBe(true);
      expect(splitWarnings(few, split)).toEqual([]);
    }
    const impossible = splitDataset(few, { validationCount: 35, seed: 1 });
    expect(impossible.validation).toHaveLength(35);
    expect(splitWarnings(few, impossible)[0]).toMatch(/^6 classes c\d+(, c\d+){5} have no training images after the split\./);
    const limited = splitDataset(few, { validationCount: 5, seed: 1, trainLimit: 10 });
    expect(splitWarnings(few, limited)[0]).toMatch(/^The class c\d+ has no training images/);
  });

  it("samples evenly over the members of a class", () => {
    const set = { labels: new Uint8Array(10) };
    const all = Uint32Array.from({ length: 10 }, (_, i) => i);
    const hits = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 2000; seed++) for (const i of stratifiedSample(set, all, 3, Rng.fromSeed(seed, "t"))) hits[i] = (hits[i] ?? 0) + 1;
    for (const count of hits) expect(Math.abs(count - 600)).toBeLessThan(100);
  });
});

describe("statistics", () => {
  it("agree with a plain computation, per channel, on a selection too", () => {
    const set = imageSet(20, 4, 3, 5);
    const chosen = Uint32Array.of(3, 7, 19);
    for (const indices of [undefined, chosen]) {
      const { mean, std } = channelStatistics(set, indices);
      for (let c = 0; c < 3; c++) {
        const values: number[] = [];
        for (const n of indices ?? Array.from({ length: 20 }, (_, i) => i))
          for (let p = 0; p < 16; p++) values.push((set.images[n * 48 + p * 3 + c] ?? 0) / 255);
        const m = values.reduce((a, b) => a + b) / values.length;
        expect(mean[c]).toBeCloseTo(m, 12);
        expect(std[c]).toBeCloseTo(Math.sqrt(values.reduce((s, v) => s + (v - m) ** 2, 0) / values.length), 12);
      }
    }
    const flat = channelStatistics({ ...set, images: new Uint8Array(set.images.length).fill(51) });
    expect(flat.mean[0]).toBeCloseTo(0.2, 12);
    expect(flat.std).toEqual([1, 1, 1]);
  });

  it("the fingerprint changes with pixels, labels, class names and layout, and not with the width of labels", () => {
    const train = imageSet(8, 4, 1, 2);
    const test = imageSet(4, 4, 1, 2, 9);
    const base = datasetFingerprint(train, test, ["a", "b"]);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(datasetFingerprint({ ...train, labels: Uint16Array.from(train.labels) }, test, ["a", "b"])).toBe(base);
    const pixel = train.images.slice();
    pixel[5] = (pixel[5] ?? 0) ^ 1;
    const labels = Uint8Array.from(train.labels);
    labels[0] = 1;
    const others = [
      datasetFingerprint({ ...train, images: pixel }, test, ["a", "b"]),
      datasetFingerprint({ ...train, labels }, test, ["a", "b"]),
      datasetFingerprint(train, test, ["a", "c"]),
      datasetFingerprint({ ...train, height: 2, width: 8 }, test, ["a", "b"]),
      datasetFingerprint(test, train, ["a", "b"]),
      datasetFingerprint(train, test, ["a", "b"], Uint32Array.of(1)),
    ];
    expect(new Set([base, ...others]).size).toBe(7);
  });
});
