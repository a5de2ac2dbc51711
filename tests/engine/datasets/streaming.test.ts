import { cp, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeDataset } from "../../../src-main/engine/datasets/access/describe.ts";
import { openIndex } from "../../../src-main/engine/datasets/access/open.ts";
import { previewDataset } from "../../../src-main/engine/datasets/access/preview.ts";
import { centralCrop, jitterColours, randomCrop } from "../../../src-main/engine/datasets/decoding/crop.ts";
import { decodeInto } from "../../../src-main/engine/datasets/decoding/decode-into.ts";
import { splitDataset } from "../../../src-main/engine/datasets/images/split.ts";
import { DecoderPool } from "../../../src-main/engine/datasets/streaming/decoder-pool.ts";
import { indexImages } from "../../../src-main/engine/datasets/streaming/image-index.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { put, temporaryFolder, userErrorOf } from "./support/helpers.ts";
import { writePhoto, writePhotos } from "./support/images.ts";

const SMALL = { width: 50, height: 40 };

describe("a list of images on disk", () => {
  it("takes ImageNet's layout, with val/ as the part that is measured at the end", async () => {
    const folder = await temporaryFolder();
    await writePhotos(join(folder, "ILSVRC/Data/CLS-LOC"), { train: 6, val: 2 }, 3, SMALL);
    await put(join(folder, "ILSVRC/Data/CLS-LOC/test/ILSVRC2012_test_1.JPEG"), "not decoded, not labelled");
    const index = await indexImages(folder);
    expect(index.root).toBe(join(folder, "ILSVRC/Data/CLS-LOC"));
    expect(index.classNames).toEqual(["n01440764", "n01440765", "n01440766"]);
    expect([index.train.count, index.test.count]).toEqual([18, 6]);
    expect(index.givenValidation).toBeUndefined();
    expect([...index.train.labels]).toEqual([0, 1, 2].flatMap((label) => [label, label, label, label, label, label]));
    expect(index.test.paths[0]).toBe("val/n01440764/n01440764_0.JPEG");
    expect(index.layout).toBe("In ILSVRC/Data/CLS-LOC/: test/ has no class folders and is not used; train/ is the training part; val/ is the validation part.");
    expect(index.leftOut).toEqual([{ reason: "unlabelled", count: 1, examples: ["ILSVRC/Data/CLS-LOC/test/ILSVRC2012_test_1.JPEG"] }]);
    expect(index.notes.join(" ")).toMatch(/the validation part is measured at the end/);
    const split = splitDataset(index, { validationCount: 6, seed: 0 });
    for (const part of [split.train, split.validation])
      expect([0, 1, 2].map((label) => [...part].filter((i) => index.train.labels[i] === label).length)).toEqual([
        part.length / 3,
        part.length / 3,
        part.length / 3,
      ]);
    expect(new Set([...split.train, ...split.validation]).size).toBe(18);
  });

  it("takes class folders alone, and all three parts, with folders and links inside of classes", async () => {
    const plain = await temporaryFolder();
    await writePhotos(plain, { "": 10 }, 2, SMALL);
    const index = await indexImages(plain);
    expect([index.train.count, index.test.count]).toEqual([16, 4]);
    expect([...index.test.labels]).toEqual([0, 0, 1, 1]);
    const three = await temporaryFolder();
    await writePhotos(three, { train: 3, val: 2, test: 1 }, 2, SMALL);
    await writePhoto(join(three, ".store/linked.JPEG"), 0, "linked", SMALL);
    await symlink(join(three, ".store/linked.JPEG"), join(three, "train/n01440764/z-linked.JPEG"));
    await writePhoto(join(three, "train/n01440764/more/deep.JPEG"), 0, "deep", SMALL);
    const all = await indexImages(three);
    expect([all.train.count, all.test.count, all.givenValidation?.length]).toEqual([3 + 3 + 2 + 4, 2, 4]);
    expect([...(all.givenValidation ?? [])].map((i) => all.train.paths[i]?.split("/")[0])).toEqual(["val", "val", "val", "val"]);
  });

  it("has a fingerprint of names and sizes, which a copy shares", async () => {
    const folder = await temporaryFolder();
    const copy = await temporaryFolder();
    await writePhotos(folder, { train: 2, val: 1 }, 2, SMALL);
    await cp(folder, copy, { recursive: true });
    await utimes(join(copy, "val/n01440764/n01440764_0.JPEG"), 0, 0);
    const { fingerprint } = await indexImages(folder);
    expect((await indexImages(copy)).fingerprint).toBe(fingerprint);
    await truncate(join(copy, "val/n01440764/n01440764_0.JPEG"), 100);
    expect((await indexImages(copy)).fingerprint).not.toBe(fingerprint);
    await rm(join(folder, "val/n01440764/n01440764_0.JPEG"));
    expect((await indexImages(folder)).fingerprint).not.toBe(fingerprint);
  });

  it("refuses other folders with one message", async () => {
    const folder = await temporaryFolder();
    await put(join(folder, "archive.zip"), "x");
    expect((await userErrorOf(indexImages(join(folder, "archive.zip")))).code).toBe("not-a-folder");
    expect((await userErrorOf(openIndex({ id: "folder", path: join(folder, "nothing") }, { dataRoot: folder }))).code).toBe("dataset-missing");
    expect((await userErrorOf(openIndex({ id: "cifar10" }, { dataRoot: folder }))).field).toBe("dataset.streamed");
    expect((await userErrorOf(indexImages(folder))).message).toContain("contains no images");
    await put(join(folder, "train/a/1.jpg"), "x");
    expect((await userErrorOf(indexImages(folder))).message).toContain("at least 2");
    await put(join(folder, "train/b/1.jpg"), "x");
    await put(join(folder, "val/1.jpg"), "x");
    expect((await userErrorOf(indexImages(folder))).message).toContain("the image in val/ is not in class folders");
    await put(join(folder, "val/c/1.jpg"), "x");
    expect((await userErrorOf(indexImages(folder))).message).toContain('the class "c" has no training images');
    await put(join(folder, "extra/c/1.jpg"), "x");
    expect((await userErrorOf(indexImages(folder))).message).toContain("it contains train, val, which look like parts of a dataset, next to extra");
  });

  it("is described and shown without decoding more than what is shown", async () => {
    const folder = await temporaryFolder();
    await writePhotos(folder, { train: 3, val: 1 }, 2, SMALL);
    await writeFile(join(folder, "train/n01440764/broken.JPEG"), "no picture");
    const ref = { id: "folder", path: folder, streamed: true } as const;
    const description = await describeDataset(ref, { dataRoot: folder });
    expect(description).toMatchObject({ trainCount: 7, testCount: 2, shape: [224, 224, 3], trainHistogram: [4, 3], streamed: true });
    const pictures = await previewDataset(ref, 4, { dataRoot: folder });
    expect(pictures.map(({ classIndex }) => classIndex)).toEqual([0, 0, 0, 1, 1, 1]);
    expect((await sharp(pictures[0]?.png).metadata()).width).toBe(96);
  });
});

describe("random crops", () => {
  it("stay inside, cover the areas and aspect ratios that they may, and fall back to the centre", () => {
    const rng = Rng.fromSeed(1, "crops");
    const crops = Array.from({ length: 4000 }, () => randomCrop(500, 375, 0.08, rng));
    for (const { left, top, width, height } of crops) {
      expect(left >= 0 && top >= 0 && left + width <= 500 && top + height <= 375).toBe(true);
      // Width and height are each rounded by up to half a pixel.
      expect(width / height).toBeGreaterThan(3 / 4 - 0.02);
      expect(width / height).toBeLessThan(4 / 3 + 0.02);
    }
    const shares = crops.map(({ width, height }) => (width * height) / (500 * 375));
    expect(Math.min(...shares)).toBeGreaterThan(0.075);
    expect(Math.min(...shares)).toBeLessThan(0.1);
    expect(Math.max(...shares)).toBeGreaterThan(0.9);
    expect(new Set(crops.map(({ left }) => left)).size).toBeGreaterThan(150);
    expect(randomCrop(1000, 10, 1, rng)).toEqual({ left: 493, top: 0, width: 13, height: 10 });
    expect(randomCrop(1, 1, 0.08, rng)).toEqual({ left: 0, top: 0, width: 1, height: 1 });
  });

  it("are the central 224 of 256 in evaluation", () => {
    expect(centralCrop(500, 375, 224)).toEqual({ resized: { width: 341, height: 256 }, crop: { left: 58, top: 16, width: 224, height: 224 } });
    expect(centralCrop(10, 2000, 224).resized).toEqual({ width: 256, height: 51200 });
  });
});

describe("colour jitter", () => {
  it("changes the whole image alike, stays within its strength, and does nothing at strength 0", () => {
    const grey = Uint8Array.from({ length: 30 }, () => 100);
    const levels = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const pixels = grey.slice();
      jitterColours(pixels, 0.4, Rng.fromSeed(i, "jitter"));
      // Contrast and saturation do not change a grey image.
      expect(new Set(pixels).size).toBe(1);
      levels.add(pixels[0] ?? 0);
    }
    expect(Math.min(...levels)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...levels)).toBeLessThanOrEqual(140);
    expect(levels.size).toBeGreaterThan(40);
    const colours = Uint8Array.from([200, 10, 60, 0, 255, 128]);
    const same = colours.slice();
    jitterColours(same, 0, Rng.fromSeed(1, "jitter"));
    expect(same).toEqual(colours);
  });
});

describe("decoding", () => {
  it("turns images upright, and takes grey, transparent and CMYK ones as RGB", async () => {
    const folder = await temporaryFolder();
    // Left half red, right half blue; rotated so that red is on top.
    const halves = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => {
      const right = Math.floor(i / 3) % 64 >= 32;
      return i % 3 === (right ? 2 : 0) ? 255 : 0;
    });
    const image = sharp(halves, { raw: { width: 64, height: 64, channels: 3 } });
    const files = {
      "turned.jpg": await image.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      "grey.png": await image.clone().greyscale().toColourspace("b-w").png().toBuffer(),
      "clear.png": await image.clone().ensureAlpha(0.5).png().toBuffer(),
      "cmyk.JPEG": await image.clone().toColourspace("cmyk").jpeg().toBuffer(),
    };
    const decoded: Record<string, Uint8Array> = {};
    for (const [name, bytes] of Object.entries(files)) {
      await put(join(folder, name), bytes);
      const pixels = new Uint8Array(8 * 8 * 3);
      await decodeInto(pixels, { path: join(folder, name), offset: 0, seed: "" }, { side: 8, smallestCrop: 0, colourJitter: 0 });
      decoded[name] = pixels;
    }
    const at = (name: string, x: number, y: number): number[] => [...(decoded[name]?.subarray(3 * (8 * y + x), 3 * (8 * y + x) + 3) ?? [])];
    expect(at("turned.jpg", 4, 1)[0]).toBeGreaterThan(230);
    expect(at("turned.jpg", 4, 6)[2]).toBeGreaterThan(230);
    expect(new Set(at("grey.png", 1, 4)).size).toBe(1);
    expect(at("clear.png", 1, 4)[0]).toBeGreaterThan(100);
    expect(at("cmyk.JPEG", 1, 4)[0]).toBeGreaterThan(150);
    expect(at("cmyk.JPEG", 1, 4)[2]).toBeLessThan(100);
  });

  it("gives the same bytes in a thread as here, whichever thread does it, and names what fails", async () => {
    const folder = await temporaryFolder();
    await writePhotos(folder, { "": 5 }, 2, SMALL);
    await put(join(folder, "broken.JPEG"), "no picture");
    const { root, train, test } = await indexImages(folder);
    const settings = { side: 32, smallestCrop: 0.08, colourJitter: 0.4 };
    const requests = [...train.paths, ...test.paths].map((path, i) => ({ path: join(root, path), offset: i * 32 * 32 * 3, seed: `1/${i}` }));
    const expected = new Uint8Array(requests.length * 32 * 32 * 3);
    for (const request of requests) await decodeInto(expected, request, settings);
    for (const threads of [1, 3]) {
      const pool = new DecoderPool(threads);
      onTestFinished(() => pool.close());
      const memory = new SharedArrayBuffer(expected.length);
      const groups = await Promise.all(requests.map((request) => pool.decode(memory, settings, [request])));
      expect(groups.flat()).toEqual([]);
      expect(new Uint8Array(memory)).toEqual(expected);
      expect(pool.alive).toBe(threads);
      const [failure] = await pool.decode(memory, settings, [{ path: join(folder, "broken.JPEG"), offset: 0, seed: "" }]);
      expect(failure?.reason).toContain("unsupported image format");
      await pool.close();
      expect(pool.alive).toBe(0);
      await expect(pool.decode(memory, settings, requests)).rejects.toThrow("no longer needed");
    }
  });
});
