/** Property-based fuzzing of everything that parses dataset files: a reader returns consistent images or refuses in words. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { zipSync } from "fflate";
import sharp, { type Sharp } from "sharp";
import { create } from "tar";
import { afterAll, expect, it } from "vitest";
import { sourceKind } from "../../../src-main/engine/datasets/archives/kind.ts";
import { readSource } from "../../../src-main/engine/datasets/archives/read-source.ts";
import { decodeSquare } from "../../../src-main/engine/datasets/decoding/decode-square.ts";
import { type Decoded, DecodedCache, parseEntry } from "../../../src-main/engine/datasets/folders/decoded-cache.ts";
import type { ImageSet } from "../../../src-main/engine/datasets/images/types.ts";
import { parseOfficial } from "../../../src-main/engine/datasets/official/official-files.ts";
import { damaged, FUZZ_TIMEOUT, fuzzRuns, orRefused } from "../../fuzz/support/fuzz.ts";
import { cifarBytes, idxBytes, put, sharedTemporaryFolder } from "./support/helpers.ts";
import { tiffBytes } from "./support/tiff.ts";

const scratch = sharedTemporaryFolder();
afterAll(() => scratch.remove());

function expectConsistent({ images, labels, count, height, width, channels }: ImageSet, classes: number): void {
  expect(count).toBeGreaterThan(0);
  expect([images.length, labels.length]).toEqual([count * height * width * channels, count]);
  expect(Math.max(...labels)).toBeLessThan(classes);
}

/** Some of the files, damaged or not. */
function files(valid: Readonly<Record<string, Uint8Array>>): fc.Arbitrary<ReadonlyMap<string, Uint8Array>> {
  const entries = Object.entries(valid).map(([name, bytes]) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<[string, Uint8Array]>([name, bytes]) },
      { weight: 3, arbitrary: damaged(bytes).map((changed): [string, Uint8Array] => [name, changed]) },
      { weight: 1, arbitrary: damaged(gzipSync(bytes)).map((changed): [string, Uint8Array] => [name, changed]) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
  );
  return fc.tuple(...entries).map((chosen) => new Map(chosen.filter((entry) => entry !== null)));
}

it("IDX files", { timeout: FUZZ_TIMEOUT }, async () => {
  const labels = (count: number): Uint8Array =>
    idxBytes(
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 10),
    );
  const images = (count: number): Uint8Array => idxBytes([count, 4, 4], new Uint8Array(count * 16).fill(7));
  const valid = {
    "train-images-idx3-ubyte": images(12),
    "train-labels-idx1-ubyte": labels(12),
    "t10k-images-idx3-ubyte": images(5),
    "t10k-labels-idx1-ubyte": labels(5),
  };
  await fc.assert(
    fc.asyncProperty(files(valid), async (given) => {
      const read = await orRefused(() => parseOfficial("mnist", given, "here"));
      if (read === null) return;
      expectConsistent(read.train, 10);
      expectConsistent(read.test, 10);
    }),
    fuzzRuns(400),
  );
});

it("CIFAR files", { timeout: FUZZ_TIMEOUT }, async () => {
  const valid = { "train.bin": cifarBytes(4, 2, 100), "test.bin": cifarBytes(2, 2, 100), "fine_label_names.txt": Buffer.from("a\nb\n") };
  await fc.assert(
    fc.asyncProperty(files(valid), async (given) => {
      const read = await orRefused(() => parseOfficial("cifar100", given, "here"));
      if (read === null) return;
      expectConsistent(read.train, 100);
      expectConsistent(read.test, 100);
      expect(read.classNames).toHaveLength(100);
    }),
    fuzzRuns(200),
  );
});

it("the CSV file of the digits", { timeout: FUZZ_TIMEOUT }, async () => {
  const text = Array.from({ length: 30 }, (_, n) => [...Array.from({ length: 64 }, (_, i) => (n * i) % 17), n % 10].join(",")).join("\n");
  const valid = Buffer.from(text);
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged(valid), damaged(gzipSync(valid))), async (bytes) => {
      const read = await orRefused(() => parseOfficial("digits", new Map([["digits.csv.gz", bytes]]), "here"));
      if (read !== null) expectConsistent(read.train, 10);
    }),
    fuzzRuns(300),
  );
});

const CONTENTS: Readonly<Record<string, Uint8Array>> = {
  "a/1.png": Buffer.from("one"),
  "a/b/2.png": Buffer.alloc(700, 2),
  "3.txt": Buffer.from("three"),
  empty: Buffer.alloc(0),
};

async function tarOf(gzip: boolean): Promise<Uint8Array> {
  const folder = join(scratch.path, gzip ? "gz" : "tar");
  for (const [name, bytes] of Object.entries(CONTENTS)) await put(join(folder, name), bytes);
  const file = join(scratch.path, `base-${gzip}`);
  await create({ file, gzip, cwd: folder, portable: true }, Object.keys(CONTENTS));
  const { readFile } = await import("node:fs/promises");
  return readFile(file);
}

/** Names as hostile archives have them. */
const hostileName = fc.oneof(
  fc.constantFrom(
    "../x",
    "/etc/x",
    "a/../../x",
    "C:\\x",
    "..\\x",
    "a\\..\\..\\x",
    "a//b",
    "./a",
    "a/.",
    "",
    "a\u0000b",
    "con",
    "a".repeat(300),
    "é",
    "e\u0301",
    "__MACOSX/x",
  ),
  fc.string({ maxLength: 20 }),
);

it("archives: every entry has a name inside, bytes stay within the limits, and damage is refused", { timeout: FUZZ_TIMEOUT }, async () => {
  const bases = [
    await tarOf(false),
    await tarOf(true),
    zipSync(CONTENTS),
    zipSync(Object.fromEntries(Object.entries(CONTENTS).map(([name, bytes]) => [name, [bytes, { level: 0 }]]))),
  ];
  const hostile = fc.dictionary(hostileName, fc.uint8Array({ maxLength: 40 }), { maxKeys: 5 }).map((entries) => zipSync(entries));
  const limits = { maxEntries: 50, maxEntryBytes: 10_000, maxTotalBytes: 50_000 };
  await fc.assert(
    fc.asyncProperty(fc.oneof(...bases.map(damaged), hostile), async (bytes) => {
      const path = join(scratch.path, "archive");
      await writeFile(path, bytes);
      let total = 0;
      await orRefused(async () => {
        expect(["tar", "tar.gz", "zip", "file"]).toContain(await sourceKind(path));
        await readSource(path, {
          wanted: () => true,
          limits,
          onEntry: ({ name, bytes: content }) => {
            total += content.length;
            expect(name.split("/")).not.toContain("..");
            expect(name).toMatch(/^[^/\\]/);
            expect(content.length).toBeLessThanOrEqual(limits.maxEntryBytes);
          },
        });
      });
      expect(total).toBeLessThanOrEqual(limits.maxTotalBytes);
    }),
    fuzzRuns(300),
  );
});

it("entries of the cache of decoded images", { timeout: FUZZ_TIMEOUT }, async () => {
  const decoded: Decoded = { names: ["a/1.png", "b/2.png"], pixels: new Uint8Array(24).fill(9), broken: ["c.png (cut)"], extra: [] };
  const folder = join(scratch.path, "cache");
  const key = { content: "0".repeat(32), source: "1".repeat(16) };
  expect(await new DecodedCache(folder).write(key, decoded)).toBeNull();
  const { readFile } = await import("node:fs/promises");
  const valid = await readFile(join(folder, `images-${key.content}-${key.source}.bin`));
  expect(parseEntry(valid, 12)).toEqual(decoded);
  await fc.assert(
    fc.property(damaged(valid), (bytes) => {
      const entry = parseEntry(Buffer.from(bytes), 12);
      // Whatever is accepted is what was written.
      if (entry !== undefined) expect(entry).toEqual(decoded);
    }),
    fuzzRuns(500),
  );
});

it("pictures: pixels of the right size, or an error with a reason", { timeout: FUZZ_TIMEOUT }, async () => {
  const noise = Buffer.from(Uint8Array.from({ length: 12 * 10 * 3 }, (_, i) => (i * 37) % 256));
  const image = (): Sharp => sharp(noise, { raw: { width: 12, height: 10, channels: 3 } });
  const bases = [
    await image().png().toBuffer(),
    await image().png({ palette: true }).toBuffer(),
    await image().jpeg().toBuffer(),
    await image().webp().toBuffer(),
    await image().gif().toBuffer(),
    await image().tiff({ compression: "none" }).toBuffer(),
    tiffBytes({ width: 12, height: 10, channels: 1, samples: new Float32Array(120).fill(0.5) }),
  ];
  await fc.assert(
    fc.asyncProperty(fc.oneof(...bases.map(damaged)), async (bytes) => {
      const pixels = await decodeSquare(bytes, 6, 3).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).message).not.toBe("");
        expect(error).not.toBeInstanceOf(TypeError);
        return null;
      });
      if (pixels !== null) expect(pixels).toHaveLength(6 * 6 * 3);
    }),
    fuzzRuns(150),
  );
});
