import { describe, expect, it } from "vitest";

import { type Augmentation, NO_AUGMENTATION } from "../../../src-main/engine/datasets/images/augment.ts";
import { BatchMaker, EpochSampler, evaluationBatches } from "../../../src-main/engine/datasets/images/batching.ts";
import type { ImageSet } from "../../../src-main/engine/datasets/images/types.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { imageSet, userErrorOf } from "./support/helpers.ts";

const indices = Uint32Array.from({ length: 23 }, (_, i) => 2 * i);

describe("EpochSampler", () => {
  it("returns every image once per epoch, in a new order each time", () => {
    const sampler = new EpochSampler(indices, { batchSize: 5 }, Rng.fromSeed(1, "order"));
    expect(sampler.batchesPerEpoch).toBe(5);
    const epochs = [0, 1].map((epoch) => {
      const order: number[] = [];
      for (let b = 0; b < 5; b++) {
        const batch = sampler.next();
        expect(batch.epoch).toBe(epoch);
        expect(batch.last).toBe(b === 4);
        expect(batch.indices).toHaveLength(b === 4 ? 3 : 5);
        order.push(...batch.indices);
      }
      expect([...order].sort((a, b) => a - b)).toEqual([...indices]);
      return order;
    });
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[0]).not.toEqual([...indices]);
  });

  it("drops a short last batch when asked to", () => {
    const sampler = new EpochSampler(indices, { batchSize: 5, dropLast: true }, Rng.fromSeed(1, "order"));
    const batches = Array.from({ length: 9 }, () => sampler.next());
    expect(batches.every((batch) => batch.indices.length === 5)).toBe(true);
    expect(batches.map((batch) => batch.epoch)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2]);
    expect(batches[3]?.last).toBe(true);
    expect(sampler.batchesPerEpoch).toBe(4);
  });

  it("keeps a short batch that is the only one of its epoch", () => {
    const sampler = new EpochSampler(indices, { batchSize: 24, dropLast: true }, Rng.fromSeed(1, "order"));
    expect(sampler.batchesPerEpoch).toBe(1);
    expect([sampler.next(), sampler.next()].map(({ indices: { length }, epoch, last }) => [length, epoch, last])).toEqual([
      [23, 0, true],
      [23, 1, true],
    ]);
  });

  it.each([0, 1, 4, 5, 7, 10, 12])("resumes exactly after %i batches, through JSON", (taken) => {
    const options = { batchSize: 5 };
    const sampler = new EpochSampler(indices, options, Rng.fromSeed(2, "order"));
    for (let i = 0; i < taken; i++) sampler.next();
    const state = JSON.parse(JSON.stringify(sampler.state())) as ReturnType<EpochSampler["state"]>;
    const resumed = EpochSampler.fromState(indices, options, state);
    for (let i = 0; i < 13; i++) expect(resumed.next()).toEqual(sampler.next());
    expect(resumed.state()).toEqual(sampler.state());
  });

  it("refuses invalid options", async () => {
    const rng = Rng.fromSeed(1, "order");
    expect((await userErrorOf(() => new EpochSampler(new Uint32Array(), { batchSize: 5 }, rng))).code).toBe("sampler-invalid");
    expect((await userErrorOf(() => new EpochSampler(indices, { batchSize: 0 }, rng))).field).toBe("batchSize");
    const state = new EpochSampler(indices, { batchSize: 5 }, rng).state();
    for (const bad of [
      { ...state, count: 22 },
      { ...state, position: 24 },
      { ...state, epoch: -1 },
    ]) {
      expect((await userErrorOf(() => EpochSampler.fromState(indices, { batchSize: 5 }, bad))).code).toBe("sampler-state-invalid");
    }
  });
});

/** The slow, obvious version: pad, crop, flip, normalise, cut out, pixel by pixel. */
function reference(
  set: ImageSet,
  index: number,
  mean: readonly number[],
  std: readonly number[],
  { cropPadding: p, horizontalFlip, cutout }: Augmentation,
  rng: Rng,
): number[] {
  const { height, width, channels } = set;
  const dy = p > 0 ? rng.int(2 * p + 1) : 0;
  const dx = p > 0 ? rng.int(2 * p + 1) : 0;
  const flip = horizontalFlip && rng.nextUint32() % 2 === 1;
  const cy = cutout > 0 ? rng.int(height) : -1;
  const cx = cutout > 0 ? rng.int(width) : -1;
  const padded = (y: number, x: number, c: number): number =>
    y < p || x < p || y >= height + p || x >= width + p ? 0 : (set.images[((index * height + y - p) * width + x - p) * channels + c] ?? 0);
  const out: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) {
        const value = padded(y + dy, (flip ? width - 1 - x : x) + dx, c);
        const half = Math.floor(cutout / 2);
        const cut = cutout > 0 && y >= cy - half && y < cy - half + cutout && x >= cx - half && x < cx - half + cutout;
        out.push(cut ? 0 : Math.fround((value / 255 - (mean[c] ?? 0)) / (std[c] ?? 1)));
      }
    }
  }
  return out;
}

describe("BatchMaker", () => {
  const normalisations: Record<number, { mean: number[]; std: number[] }> = {
    1: { mean: [0.3], std: [0.2] },
    3: { mean: [0.1, 0.5, 0.7], std: [0.2, 0.3, 0.4] },
  };
  const cases: Augmentation[] = [
    NO_AUGMENTATION,
    { cropPadding: 2, horizontalFlip: false, cutout: 0 },
    { cropPadding: 0, horizontalFlip: true, cutout: 0 },
    { cropPadding: 0, horizontalFlip: false, cutout: 3 },
    { cropPadding: 4, horizontalFlip: true, cutout: 4 },
  ];
  for (const channels of [1, 3]) {
    it.each(cases)(`agrees with the obvious version, ${String(channels)} channels, %o`, (augmentation) => {
      const set = imageSet(40, 7, channels, 5);
      const normalisation = normalisations[channels] ?? { mean: [], std: [] };
      const chosen = Uint32Array.from({ length: 40 }, (_, i) => 39 - i);
      const rng = Rng.fromSeed(3, "augment");
      const twin = rng.clone();
      const batch = new BatchMaker(set, normalisation).make(chosen, { augmentation, rng });
      expect(batch.shape).toEqual([40, 7, 7, channels]);
      const expected = [...chosen].flatMap((index) => reference(set, index, normalisation.mean, normalisation.std, augmentation, twin));
      expect([...batch.images]).toEqual(expected);
      expect([...batch.labels]).toEqual([...chosen].map((i) => i % 5));
      // The same number of draws: resuming depends on it.
      expect(rng.state()).toEqual(twin.state());
    });
  }

  it("returns new arrays every time", () => {
    const maker = new BatchMaker(imageSet(4, 4, 1, 2), { mean: [0], std: [1] });
    const first = maker.make(Uint32Array.of(0, 1));
    const before = first.images.slice();
    const second = maker.make(Uint32Array.of(2, 3));
    expect(second.images.buffer).not.toBe(first.images.buffer);
    expect(first.images).toEqual(before);
    expect(first.images.byteOffset).toBe(0);
  });

  it("refuses impossible augmentation and images outside the set", async () => {
    const maker = new BatchMaker(imageSet(4, 8, 1, 2), { mean: [0], std: [1] });
    const rng = Rng.fromSeed(1, "augment");
    for (const [augmentation, field] of [
      [{ ...NO_AUGMENTATION, cropPadding: 9 }, "cropPadding"],
      [{ ...NO_AUGMENTATION, cutout: -1 }, "cutout"],
      [{ ...NO_AUGMENTATION, cutout: 17 }, "cutout"],
    ] as const) {
      expect((await userErrorOf(() => maker.make(Uint32Array.of(0), { augmentation, rng }))).field).toBe(field);
    }
    expect(() => maker.make(Uint32Array.of(4))).toThrow(RangeError);
    expect(() => new BatchMaker(imageSet(4, 8, 3, 2), { mean: [0], std: [1] })).toThrow(RangeError);
  });

  it("evaluates everything once, in order, with a short last batch", () => {
    const set = imageSet(11, 4, 1, 3);
    const all = Uint32Array.from({ length: 11 }, (_, i) => 10 - i);
    const batches = [...evaluationBatches(set, all, 4, { mean: [0], std: [1] })];
    expect(batches.map((batch) => batch.shape[0])).toEqual([4, 4, 3]);
    expect(batches.flatMap((batch) => [...batch.indices])).toEqual([...all]);
    expect(batches[0]?.images[0]).toBe(Math.fround((set.images[10 * 16] ?? 0) / 255));
    expect([...evaluationBatches(set, all, 4, { mean: [0], std: [1] }, 6)].map((batch) => batch.shape[0])).toEqual([4, 2]);
    expect(() => [...evaluationBatches(set, all, 0, { mean: [0], std: [1] })]).toThrow(RangeError);
  });
});
