import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { zipSync } from "fflate";
import sharp from "sharp";
import { create } from "tar";
import { describe, expect, it } from "vitest";

import { describeDataset } from "../../../src-main/engine/datasets/access/describe.ts";
import { listDatasets } from "../../../src-main/engine/datasets/access/listing.ts";
import { openDataset } from "../../../src-main/engine/datasets/access/open.ts";
import { previewImages } from "../../../src-main/engine/datasets/access/preview.ts";
import { readSource, readSourceFiles } from "../../../src-main/engine/datasets/archives/read-source.ts";
import { splitDataset } from "../../../src-main/engine/datasets/images/split.ts";
import { importDataset } from "../../../src-main/engine/datasets/install/import.ts";
import { cifarBytes, idxBytes, put, sharedData, temporaryFolder, userErrorOf } from "./support/helpers.ts";

describe("digits", () => {
  it("opens the bundled file: all 1,797 images, a fixed stratified test part, values 0 .. 255", async () => {
    const dataRoot = await temporaryFolder();
    const digits = await openDataset({ id: "digits" }, { dataRoot });
    expect([digits.train.count, digits.test.count]).toEqual([1437, 360]);
    expect([digits.train.height, digits.train.width, digits.train.channels]).toEqual([8, 8, 1]);
    // The first image of the file is a 0 that begins 0, 0, 5, 13, 9, 1.
    const first = [0, 0, 5, 13, 9, 1].map((value) => Math.round((value * 255) / 16));
    const everything = Buffer.concat([digits.train.images, digits.test.images]);
    const found = Array.from({ length: 1797 }, (_, n) => everything.subarray(n * 64, n * 64 + 6)).filter((row) => row.equals(Buffer.from(first)));
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(Math.max(...everything)).toBe(255);
    const description = await describeDataset({ id: "digits" }, { dataRoot });
    description.testHistogram.forEach((count, label) => {
      expect(Math.abs(count / 360 - (description.trainHistogram[label] ?? 0) / 1437)).toBeLessThan(0.005);
    });
    expect(description.trainHistogram.reduce((a, b) => a + b)).toBe(1437);
    expect(description.attribution.licence).toBe("CC BY 4.0");
    // Saved runs refer to this value: it only changes together with the data or the test part.
    expect(description.fingerprint).toBe("ddd019ff9125bfcb68f0d6040965a25bb7c9680e445f8964a7d276df9cf72a61");
    expect(digits.mean[0]).toBeGreaterThan(0.2);
    expect(await readdir(dataRoot)).toEqual([]);
  });

  it("names the line of a damaged file", async () => {
    const dataRoot = await temporaryFolder();
    const bundled = await readFile(join(import.meta.dirname, "../../../resources/data/digits.csv.gz"));
    const lines = gunzipSync(bundled).toString().split("\n");
    lines[41] = (lines[41] ?? "").replace(/^\d+/, "17");
    await put(join(dataRoot, "bad.csv"), lines.join("\n"));
    const error = await userErrorOf(openDataset({ id: "digits", path: join(dataRoot, "bad.csv") }, { dataRoot }));
    expect(error.message).toContain("Line 42");
    await put(join(dataRoot, "digits", "digits.csv.gz"), bundled.subarray(0, 30_000));
    expect((await userErrorOf(openDataset({ id: "digits" }, { dataRoot }))).code).toBe("archive-damaged");
  });

  it("previews training images of every class as PNG", async () => {
    const digits = await openDataset({ id: "digits" }, { dataRoot: await temporaryFolder() });
    const pictures = await previewImages(digits, 3);
    expect(pictures.map((picture) => picture.classIndex)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9]);
    for (const { png, index, classIndex } of pictures.slice(0, 5)) {
      expect(digits.train.labels[index]).toBe(classIndex);
      const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
      const grey = Array.from({ length: 64 }, (_, i) => data[i * info.channels]);
      expect(grey).toEqual([...digits.train.images.subarray(index * 64, index * 64 + 64)]);
    }
    expect((await previewImages(digits, 3)).map((picture) => picture.index)).toEqual(pictures.map((picture) => picture.index));
  });
});

describe("cifar", () => {
  async function partialCifar(): Promise<string> {
    const folder = await temporaryFolder();
    await put(join(folder, "data_batch_1.bin"), cifarBytes(30));
    await put(join(folder, "data_batch_3.bin"), cifarBytes(20, 1, 10, 2));
    await put(join(folder, "test_batch.bin"), cifarBytes(10, 1, 10, 3));
    return folder;
  }

  it("reads a partial release, says so, and turns planes into pixels", async () => {
    const folder = await partialCifar();
    const cifar = await openDataset({ id: "cifar10", path: folder }, { dataRoot: folder });
    expect(cifar.train.count).toBe(50);
    expect(cifar.completeness).toEqual({ trainFound: 50, trainExpected: 50_000, testFound: 10, testExpected: 10_000 });
    expect(cifar.notes[0]).toContain("50 of 50,000 training images");
    const bytes = cifarBytes(20, 1, 10, 2);
    const record = 13;
    for (const [y, x, c] of [
      [0, 0, 0],
      [0, 0, 1],
      [0, 1, 2],
      [17, 30, 1],
      [31, 31, 2],
    ] as const) {
      expect(cifar.train.images[(((30 + record) * 32 + y) * 32 + x) * 3 + c]).toBe(bytes[record * 3073 + 1 + c * 1024 + y * 32 + x]);
    }
    expect(cifar.train.labels[30 + record]).toBe(3);
    expect(cifar.classNames[3]).toBe("cat");
  });

  it("reads the real files beside the repository", async ({ skip }) => {
    const path = sharedData("cifar-10-batches-bin");
    if (path === null) return skip("no CIFAR-10 beside the repository");
    const started = performance.now();
    const cifar = await openDataset({ id: "cifar10", path }, { dataRoot: await temporaryFolder() });
    console.info(`CIFAR-10, ${String(cifar.train.count + cifar.test.count)} images: ${(performance.now() - started).toFixed(0)} ms`);
    expect([cifar.train.count, cifar.test.count]).toEqual([10_000, 2_000]);
    // Known from the literature to two digits.
    expect(cifar.mean.map((m) => m.toFixed(2))).toEqual(["0.49", "0.48", "0.45"]);
    expect(cifar.std.every((s) => s > 0.24 && s < 0.27)).toBe(true);
    const raw = await readFile(join(path, "data_batch_1.bin"));
    expect(Array.from({ length: 10_000 }, (_, n) => raw[n * 3073])).toEqual([...cifar.train.labels]);
    const { train, validation } = splitDataset(cifar, { validationCount: 2000, seed: 1 });
    expect([train.length, validation.length]).toEqual([8000, 2000]);
  });

  it("refuses truncated and mislabelled files, naming file and record", async () => {
    const folder = await partialCifar();
    await writeFile(join(folder, "data_batch_3.bin"), cifarBytes(20).subarray(0, 7 * 3073 + 100));
    const truncated = await userErrorOf(openDataset({ id: "cifar10", path: folder }, { dataRoot: folder }));
    expect(truncated.message).toContain("data_batch_3.bin");
    expect(truncated.message).toContain("record 7 ends after 100 of 3073 bytes");
    expect(truncated.remedy).toContain("data download cifar10");
    const wrong = cifarBytes(20);
    wrong[11 * 3073] = 10;
    await writeFile(join(folder, "data_batch_3.bin"), wrong);
    expect((await userErrorOf(openDataset({ id: "cifar10", path: folder }, { dataRoot: folder }))).message).toContain("record 11 has the label 10");
    await writeFile(join(folder, "data_batch_3.bin"), "");
    expect((await userErrorOf(openDataset({ id: "cifar10", path: folder }, { dataRoot: folder }))).message).toContain("empty");
  });

  it("reports what is missing and how to get it", async () => {
    const folder = await temporaryFolder();
    const nowhere = await userErrorOf(openDataset({ id: "cifar10" }, { dataRoot: folder }));
    expect(nowhere.code).toBe("dataset-missing");
    expect(nowhere.remedy).toContain("ghn-studio data download cifar10");
    await put(join(folder, "x", "data_batch_1.bin"), cifarBytes(10));
    const incomplete = await userErrorOf(openDataset({ id: "cifar10", path: join(folder, "x") }, { dataRoot: folder }));
    expect(incomplete.code).toBe("dataset-incomplete");
    expect(incomplete.message).toContain("test_batch.bin");
    expect((await userErrorOf(openDataset({ id: "cifar10", path: join(folder, "nothing") }, { dataRoot: folder }))).code).toBe("dataset-missing");
    expect((await userErrorOf(openDataset({ id: "imagenet" as "cifar10" }, { dataRoot: folder }))).code).toBe("dataset-unknown");
  });

  it("reads CIFAR-100 with its fine labels, from folder, tar.gz and zip alike", async () => {
    const root = await temporaryFolder();
    const folder = join(root, "cifar-100-binary");
    const train = cifarBytes(200, 2, 100);
    const test = cifarBytes(100, 2, 100, 4);
    await put(join(folder, "train.bin"), train);
    await put(join(folder, "test.bin"), test);
    await create({ file: join(root, "c.tar.gz"), gzip: true, cwd: root }, ["cifar-100-binary"]);
    await create({ file: join(root, "c.tar"), cwd: root }, ["cifar-100-binary"]);
    await writeFile(
      join(root, "c.zip"),
      zipSync({ "cifar-100-binary/train.bin": train, "cifar-100-binary/test.bin": test, "__MACOSX/cifar-100-binary/._train.bin": new Uint8Array(5) }),
    );
    const prints = new Set<string>();
    for (const path of [root, folder, join(root, "c.tar.gz"), join(root, "c.tar"), join(root, "c.zip")]) {
      const cifar = await openDataset({ id: "cifar100", path }, { dataRoot: root });
      expect([cifar.train.count, cifar.test.count, cifar.classNames.length]).toEqual([200, 100, 100]);
      expect(cifar.train.labels[57]).toBe(57);
      expect(cifar.classNames[57]).toBe("pear");
      prints.add(cifar.fingerprint);
    }
    expect(prints.size).toBe(1);
    // The archive itself, placed in the data folder, works too.
    await put(join(root, "cifar100", "cifar-100-binary.tar.gz"), await readFile(join(root, "c.tar.gz")));
    expect((await openDataset({ id: "cifar100" }, { dataRoot: root })).train.count).toBe(200);
  });
});

describe("idx", () => {
  async function mnist(gz: boolean): Promise<string> {
    const folder = await temporaryFolder();
    const pixels = (n: number): Uint8Array => Uint8Array.from({ length: n * 784 }, (_, i) => i % 251);
    const labels = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i % 10);
    const pack = (bytes: Uint8Array): Uint8Array => (gz ? gzipSync(bytes) : bytes);
    const suffix = gz ? ".gz" : "";
    await put(join(folder, `train-images-idx3-ubyte${suffix}`), pack(idxBytes([40, 28, 28], pixels(40))));
    await put(join(folder, `train-labels-idx1-ubyte${suffix}`), pack(idxBytes([40], labels(40))));
    await put(join(folder, `t10k-images-idx3-ubyte${suffix}`), pack(idxBytes([20, 28, 28], pixels(20))));
    await put(join(folder, `t10k-labels-idx1-ubyte${suffix}`), pack(idxBytes([20], labels(20))));
    return folder;
  }

  it("reads raw and gzipped files alike", async () => {
    const prints = [];
    for (const gz of [false, true]) {
      const path = await mnist(gz);
      const set = await openDataset({ id: "fashion-mnist", path }, { dataRoot: path });
      expect([set.train.count, set.test.count, set.train.height, set.train.channels]).toEqual([40, 20, 28, 1]);
      expect(set.train.images[784 + 3]).toBe(787 % 251);
      expect(set.classNames[9]).toBe("Ankle boot");
      expect(set.notes[0]).toContain("40 of 60000");
      prints.push(set.fingerprint);
    }
    expect(prints[0]).toBe(prints[1]);
  });

  it("refuses wrong magic, wrong sizes, wrong labels and missing files, naming them", async () => {
    const path = await mnist(false);
    const open = (): Promise<unknown> => openDataset({ id: "mnist", path }, { dataRoot: path });
    const images = join(path, "train-images-idx3-ubyte");
    const good = await readFile(images);
    for (const [bytes, text] of [
      [good.subarray(0, good.length - 10), "record 39"],
      [Buffer.concat([good, Buffer.from([1])]), "beyond the end"],
      [idxBytes([4], Uint8Array.of(1, 2, 3, 4)), "not an IDX file"],
      [good.subarray(0, 9), "inside its header"],
      [idxBytes([0xffffffff, 0xffff, 0xffff], new Uint8Array(9)), "train-images"],
      [idxBytes([39, 28, 28], new Uint8Array(39 * 784)), "40 labels for 39 images"],
    ] as const) {
      await writeFile(images, bytes);
      const error = await userErrorOf(open());
      expect(error.code).toBe("dataset-damaged");
      expect(error.message).toContain(text);
    }
    await writeFile(images, good);
    await writeFile(join(path, "t10k-labels-idx1-ubyte"), idxBytes([20], new Uint8Array(20).fill(11)));
    expect((await userErrorOf(open())).message).toContain("record 0 has the label 11");
    await writeFile(join(path, "t10k-labels-idx1-ubyte"), gzipSync(new Uint8Array(300 * 2 ** 20)));
    expect((await userErrorOf(open())).code).toBe("archive-damaged");
    const empty = await temporaryFolder();
    expect((await userErrorOf(openDataset({ id: "kmnist", path: empty }, { dataRoot: empty }))).message).toContain("train-images-idx3-ubyte");
  });
});

describe("image folders", () => {
  const colour = (r: number, g: number, b: number, width = 20, height = 14): Promise<Buffer> =>
    sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
      .png()
      .toBuffer();

  async function flowers(parts: readonly string[], perClass = 5): Promise<string> {
    const folder = await temporaryFolder();
    for (const part of parts) {
      for (const [name, shade] of [
        ["rose", 200],
        ["aster", 100],
        ["tulip", 50],
      ] as const) {
        for (let i = 0; i < perClass; i++) await put(join(folder, part, name, `${String(i)}.png`), await colour(shade, i, 0));
      }
    }
    return folder;
  }

  it("reads class folders, resizes, sets a test part apart, and caches", async () => {
    const path = await flowers([""], 10);
    await put(join(path, "README.txt"), "not an image");
    const dataRoot = await temporaryFolder();
    const first = await openDataset({ id: "folder", path, imageSize: 16 }, { dataRoot, cacheFolder: join(dataRoot, "cache") });
    expect(first.classNames).toEqual(["aster", "rose", "tulip"]);
    expect([first.train.count, first.test.count]).toEqual([24, 6]);
    expect([first.train.height, first.train.width, first.train.channels]).toEqual([16, 16, 3]);
    expect(first.layout).toBe("3 class folders: aster, rose, tulip.");
    expect(first.leftOut).toEqual([{ reason: "other-type", count: 1, examples: ["README.txt"] }]);
    expect(first.notes.join()).toContain("no test folder");
    const shades: Record<string, number> = { rose: 200, aster: 100, tulip: 50 };
    for (let n = 0; n < first.train.count; n++) {
      expect(first.train.images[n * 768]).toBe(shades[first.classNames[first.train.labels[n] ?? 0] ?? ""]);
    }
    const [cache = ""] = await readdir(join(dataRoot, "cache"));
    let decoded = 0;
    const again = await openDataset(
      { id: "folder", path, imageSize: 16 },
      {
        dataRoot,
        cacheFolder: join(dataRoot, "cache"),
        onProgress: ({ phase }) => {
          decoded += phase === "decode" ? 1 : 0;
        },
      },
    );
    expect(again.fingerprint).toBe(first.fingerprint);
    expect(decoded).toBe(0);
    // A damaged cache is rebuilt.
    const bytes = await readFile(join(dataRoot, "cache", cache));
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 255;
    await writeFile(join(dataRoot, "cache", cache), bytes);
    expect((await openDataset({ id: "folder", path, imageSize: 16 }, { dataRoot, cacheFolder: join(dataRoot, "cache") })).fingerprint).toBe(first.fingerprint);
    // So is one for images that changed.
    await put(join(path, "rose", "new.png"), await colour(1, 2, 3));
    expect((await openDataset({ id: "folder", path, imageSize: 16 }, { dataRoot, cacheFolder: join(dataRoot, "cache") })).train.count).toBe(24);
    expect((await openDataset({ id: "folder", path, imageSize: 16, channels: 1 }, { dataRoot })).train.channels).toBe(1);
  });

  it("keeps train, val and test apart, also inside an archive with a top folder", async () => {
    const path = await flowers(["top/train", "top/val", "top/test"]);
    await create({ file: join(path, "f.tgz"), gzip: true, cwd: path }, ["top"]);
    for (const from of [join(path, "top"), join(path, "f.tgz")]) {
      const set = await openDataset({ id: "folder", path: from }, { dataRoot: await temporaryFolder() });
      expect([set.train.count, set.test.count, set.givenValidation?.length]).toEqual([30, 15, 15]);
      const split = splitDataset(set, { validationCount: 15, seed: 1 });
      expect([split.train.length, split.validation.length]).toEqual([15, 15]);
      expect([...split.validation].every((i) => i >= 15)).toBe(true);
    }
  });

  it("names broken images, or leaves them out when asked to", async () => {
    const path = await flowers([""]);
    const dataRoot = await temporaryFolder();
    const good = await readFile(join(path, "rose", "0.png"));
    await put(join(path, "rose", "cut.png"), good.subarray(0, good.length - 40));
    await put(join(path, "tulip", "text.jpg"), "no picture");
    await put(join(path, "tulip", "drawing.png"), '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>');
    const error = await userErrorOf(openDataset({ id: "folder", path }, { dataRoot }));
    expect(error.code).toBe("image-broken");
    expect(error.message).toContain("3 of the images");
    for (const name of ["rose/cut.png", "tulip/text.jpg", "tulip/drawing.png (a file of type svg"]) expect(error.message).toContain(name);
    expect(await readdir(dataRoot)).toEqual([]);
    const set = await openDataset({ id: "folder", path, skipBroken: true }, { dataRoot });
    expect(set.train.count + set.test.count).toBe(15);
    expect(set.leftOut).toEqual([expect.objectContaining({ reason: "undecodable", count: 3 })]);
    expect(set.leftOut?.[0]?.examples.join()).toContain("tulip/text.jpg");
  });

  it("refuses pictures with too many pixels without unpacking them", async () => {
    const path = await flowers([""]);
    const huge = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: "#fff" } })
      .png({ compressionLevel: 9 })
      .toBuffer();
    await put(join(path, "rose", "huge.png"), huge);
    const error = await userErrorOf(openDataset({ id: "folder", path }, { dataRoot: await temporaryFolder() }));
    expect(error.message).toMatch(/rose\/huge\.png.*pixel limit/);
  });

  it("refuses layouts that are not a dataset", async () => {
    const dataRoot = await temporaryFolder();
    const one = await temporaryFolder();
    await put(join(one, "a", "1.png"), await colour(1, 1, 1));
    expect((await userErrorOf(openDataset({ id: "folder", path: one }, { dataRoot }))).message).toContain("at least 2");
    expect((await userErrorOf(openDataset({ id: "folder", path: await temporaryFolder() }, { dataRoot }))).message).toContain("no images");
    const extra = await flowers(["train"]);
    await put(join(extra, "test", "orchid", "1.png"), await colour(1, 1, 1));
    expect((await userErrorOf(openDataset({ id: "folder", path: extra }, { dataRoot }))).message).toContain('"orchid"');
    expect((await userErrorOf(openDataset({ id: "folder", path: extra, imageSize: 3 }, { dataRoot }))).field).toBe("imageSize");
    expect((await userErrorOf(openDataset({ id: "folder" }, { dataRoot }))).field).toBe("path");
    expect((await userErrorOf(openDataset({ id: "folder", name: "../x" }, { dataRoot }))).field).toBe("name");
  });
});

describe("archives", () => {
  it("refuse paths that lead outside, links and too many or too large files", async () => {
    const folder = await temporaryFolder();
    const visit = (path: string, limits?: { maxEntries?: number; maxEntryBytes?: number; maxTotalBytes?: number }): Promise<unknown> =>
      readSourceFiles(path, { wanted: () => true, limits: { maxEntries: 100, maxEntryBytes: 1e6, maxTotalBytes: 1e7, ...limits } });
    await writeFile(join(folder, "up.zip"), zipSync({ "../evil.txt": new Uint8Array(3) }));
    await writeFile(join(folder, "root.zip"), zipSync({ "/etc/evil": new Uint8Array(3) }));
    await writeFile(join(folder, "link.zip"), zipSync({ link: [Buffer.from("/etc/passwd"), { os: 3, attrs: (0o120777 << 16) >>> 0 }] }));
    await put(join(folder, "in", "a"), "aaa");
    await put(join(folder, "in", "b"), "bbb");
    await symlink("/etc/passwd", join(folder, "in", "z"));
    await create({ file: join(folder, "link.tar.gz"), gzip: true, cwd: folder }, ["in"]);
    await put(join(folder, "below", "deep", "x"), "x");
    await create({ file: join(folder, "up.tar"), cwd: join(folder, "below", "deep"), preservePaths: true }, ["../../in/a"]);
    for (const name of ["up.zip", "root.zip", "link.zip", "link.tar.gz", "up.tar"]) {
      const error = await userErrorOf(visit(join(folder, name)));
      expect([name, error.code]).toEqual([name, "archive-unsafe"]);
    }
    // In a folder, links are skipped.
    expect([...(await readSourceFiles(join(folder, "in"), { wanted: () => true })).keys()]).toEqual(["a", "b"]);

    await create({ file: join(folder, "ok.tgz"), gzip: true, cwd: folder }, ["in/a", "in/b"]);
    await writeFile(join(folder, "ok.zip"), zipSync({ "in/a": Buffer.from("aaa"), "in/b": Buffer.from("bbb"), "__MACOSX/in/._a": Buffer.from("x") }));
    for (const name of ["ok.tgz", "ok.zip", "in"]) {
      expect(((await visit(join(folder, name))) as Map<string, Uint8Array>).size).toBe(2);
      for (const limits of [{ maxEntries: 1 }, { maxEntryBytes: 2 }, { maxTotalBytes: 5 }]) {
        expect((await userErrorOf(visit(join(folder, name), limits))).code).toBe("archive-unsafe");
      }
    }
  });

  it("that are cut off are called damaged", async () => {
    const folder = await temporaryFolder();
    await put(join(folder, "in", "a"), cifarBytes(40));
    await create({ file: join(folder, "a.tgz"), gzip: true, cwd: folder }, ["in"]);
    await create({ file: join(folder, "a.tar"), cwd: folder }, ["in"]);
    await writeFile(join(folder, "a.zip"), zipSync({ a: cifarBytes(40) }));
    for (const name of ["a.tgz", "a.tar", "a.zip"]) {
      const bytes = await readFile(join(folder, name));
      await writeFile(join(folder, name), bytes.subarray(0, bytes.length >> 1));
      expect([name, (await userErrorOf(readSource(join(folder, name), { wanted: () => true, onEntry: () => undefined }))).code]).toEqual([
        name,
        "archive-damaged",
      ]);
    }
    // A zip whose content does not match its checksum.
    const zip = zipSync({ a: [Buffer.from("hello hello"), { level: 0 }] });
    const at = Buffer.from(zip).indexOf("hello");
    zip[at] = (zip[at] ?? 0) ^ 1;
    await writeFile(join(folder, "crc.zip"), zip);
    expect((await userErrorOf(readSource(join(folder, "crc.zip"), { wanted: () => true, onEntry: () => undefined }))).code).toBe("archive-damaged");
  });

  it("stop when the signal says so", async () => {
    const folder = await temporaryFolder();
    await put(join(folder, "in", "a"), cifarBytes(40));
    await create({ file: join(folder, "a.tgz"), gzip: true, cwd: folder }, ["in"]);
    const signal = AbortSignal.abort(new Error("enough"));
    for (const path of [join(folder, "a.tgz"), join(folder, "in")]) {
      await expect(readSource(path, { wanted: () => true, onEntry: () => undefined, signal })).rejects.toThrow("enough");
    }
  });
});

describe("importDataset", () => {
  it("copies the files that count, in one step, and refuses to overwrite unasked", async () => {
    const dataRoot = await temporaryFolder();
    const from = await temporaryFolder();
    await put(join(from, "cifar", "data_batch_1.bin"), cifarBytes(20));
    await put(join(from, "cifar", "test_batch.bin"), cifarBytes(10));
    await put(join(from, "cifar", "private.txt"), "not ours");
    await create({ file: join(from, "c.tar.gz"), gzip: true, cwd: from }, ["cifar"]);
    const description = await importDataset(join(from, "c.tar.gz"), "cifar10", dataRoot);
    expect(description.trainCount).toBe(20);
    expect(await readdir(dataRoot)).toEqual(["cifar10"]);
    expect((await readdir(join(dataRoot, "cifar10"))).sort()).toEqual(["data_batch_1.bin", "test_batch.bin"]);
    expect((await userErrorOf(importDataset(from, "cifar10", dataRoot))).code).toBe("dataset-exists");
    await put(join(from, "cifar", "data_batch_2.bin"), cifarBytes(20, 1, 10, 6));
    expect((await importDataset(from, "cifar10", dataRoot, { replace: true })).trainCount).toBe(40);
    expect(await readdir(dataRoot)).toEqual(["cifar10"]);
    expect((await listDatasets({ dataRoot })).find((listing) => listing.id === "cifar10")?.foundAt).toBe(join(dataRoot, "cifar10"));
  });

  it("leaves nothing behind when the source is bad, and keeps what was there", async () => {
    const dataRoot = await temporaryFolder();
    const from = await temporaryFolder();
    await put(join(from, "data_batch_1.bin"), cifarBytes(20));
    await put(join(from, "test_batch.bin"), cifarBytes(10).subarray(0, 5000));
    expect((await userErrorOf(importDataset(from, "cifar10", dataRoot))).code).toBe("dataset-damaged");
    expect(await readdir(dataRoot)).toEqual([]);
    await mkdir(join(dataRoot, "cifar10"));
    await copyFile(join(from, "data_batch_1.bin"), join(dataRoot, "cifar10", "data_batch_1.bin"));
    await userErrorOf(importDataset(from, "cifar10", dataRoot, { replace: true }));
    expect(await readdir(join(dataRoot, "cifar10"))).toEqual(["data_batch_1.bin"]);
    expect((await userErrorOf(importDataset(join(from, "none"), "cifar10", dataRoot))).code).toBe("not-a-source");
  });

  it("keeps image folders under a name", async () => {
    const dataRoot = await temporaryFolder();
    const from = await temporaryFolder();
    for (const name of ["a", "b"]) {
      for (let i = 0; i < 5; i++)
        await put(
          join(from, name, `${String(i)}.png`),
          await sharp({ create: { width: 9, height: 9, channels: 3, background: { r: i, g: 0, b: 0 } } })
            .png()
            .toBuffer(),
        );
    }
    const description = await importDataset(from, "folder", dataRoot, { name: "tiny" });
    expect([description.name, description.trainCount, description.testCount]).toEqual(["tiny", 8, 2]);
    expect(await readdir(join(dataRoot, "folder"))).toEqual(["tiny"]);
    expect((await openDataset({ id: "folder", name: "tiny" }, { dataRoot })).fingerprint).toBe(description.fingerprint);
    expect((await listDatasets({ dataRoot })).filter((listing) => listing.id === "folder").map((listing) => listing.folderName)).toEqual(["tiny"]);
    expect((await userErrorOf(importDataset(from, "folder", dataRoot, { name: "../up" }))).field).toBe("name");
    await put(join(from, "a", "bad.png"), "x");
    expect((await userErrorOf(importDataset(from, "folder", dataRoot, { name: "second" }))).code).toBe("image-broken");
    expect(await readdir(join(dataRoot, "folder"))).toEqual(["tiny"]);
  });
});
