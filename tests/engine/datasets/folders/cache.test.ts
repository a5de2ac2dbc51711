import { spawnSync } from "node:child_process";
import { mkdir, readdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../../src-main/engine/datasets/access/open.ts";
import { type Decoded, DecodedCache } from "../../../../src-main/engine/datasets/folders/decoded-cache.ts";
import type { LoadedDataset } from "../../../../src-main/engine/datasets/images/types.ts";
import { put, temporaryFolder } from "../support/helpers.ts";

/** A picture of one colour; without compression, all have the same size. */
function colour(red: number): Promise<Buffer> {
  return sharp({ create: { width: 8, height: 8, channels: 3, background: { r: red, g: 0, b: 0 } } })
    .png({ compressionLevel: 0 })
    .toBuffer();
}

const DAY = new Date("2024-05-01T12:00:00Z");

/** Two classes whose files agree in name, size and time of modification. */
async function pets(): Promise<string> {
  const root = await temporaryFolder();
  for (const [name, red] of [
    ["cats", 200],
    ["dogs", 100],
  ] as const)
    for (let i = 0; i < 5; i++) {
      await put(join(root, name, `${i}.png`), await colour(red + i));
      await utimes(join(root, name, `${i}.png`), DAY, DAY);
    }
  return root;
}

/** The class of the images with more red. */
function bright({ train, classNames }: LoadedDataset): string[] {
  const size = train.height * train.width * train.channels;
  return [...new Set(Array.from(train.labels, (label, i) => ((train.images[i * size] ?? 0) >= 150 ? (classNames[label] ?? "") : [])).flat())];
}

const open = (path: string, cacheFolder: string): Promise<LoadedDataset> => openDataset({ id: "folder", path, imageSize: 8 }, { dataRoot: path, cacheFolder });

describe("the cache of decoded images", () => {
  it("does not keep the labels of class folders that were swapped, nor pixels of a file that was replaced", async () => {
    const root = await pets();
    const cacheFolder = await temporaryFolder();
    expect(bright(await open(root, cacheFolder))).toEqual(["cats"]);
    await rename(join(root, "cats"), join(root, "x"));
    await rename(join(root, "dogs"), join(root, "cats"));
    await rename(join(root, "x"), join(root, "dogs"));
    expect(bright(await open(root, cacheFolder))).toEqual(["dogs"]);
    // Written in place, with the same size and the old time of modification.
    for (let i = 0; i < 5; i++) {
      const file = join(root, "dogs", `${i}.png`);
      const { size } = await stat(file);
      await writeFile(file, await colour(0));
      expect((await stat(file)).size).toBe(size);
      await utimes(file, DAY, DAY);
    }
    expect(bright(await open(root, cacheFolder))).toEqual([]);
  });

  it("keeps one entry of a folder, and removes entries of earlier versions", async () => {
    const root = await pets();
    const cacheFolder = await temporaryFolder();
    await put(join(cacheFolder, `images-${"0".repeat(32)}.bin`), "old");
    await put(join(cacheFolder, "notes.txt"), "not ours");
    await open(root, cacheFolder);
    const [first] = (await readdir(cacheFolder)).filter((name) => name.endsWith(".bin"));
    await put(join(root, "cats/9.png"), await colour(250));
    await open(root, cacheFolder);
    const entries = await readdir(cacheFolder);
    expect(entries).toHaveLength(2);
    expect(entries).not.toContain(first);
    const cache = new DecodedCache(cacheFolder);
    expect((await cache.usage()).entries).toBe(1);
    expect((await cache.clear()).entries).toBe(1);
    expect(await readdir(cacheFolder)).toEqual(["notes.txt"]);
  });

  it("is bounded: the entries that were not used for longest go first", async () => {
    const folder = await temporaryFolder();
    const cache = new DecodedCache(folder, 2500);
    const decoded: Decoded = { names: ["a"], pixels: new Uint8Array(600), broken: [], extra: null };
    const key = (n: number) => ({ content: String(n).repeat(32), source: String(n).repeat(16) });
    const old = async (n: number, hours: number): Promise<void> => {
      const at = new Date(Date.now() - hours * 3_600_000);
      await utimes(join(folder, `images-${key(n).content}-${key(n).source}.bin`), at, at);
    };
    for (const n of [1, 2, 3]) expect(await cache.write(key(n), decoded)).toBeNull();
    await old(1, 3);
    await old(2, 2);
    await old(3, 1);
    // Reading the oldest entry makes it the most recent one.
    expect((await cache.read(key(1), 600))?.pixels).toHaveLength(600);
    await cache.write(key(4), decoded);
    const left = await Promise.all([1, 2, 3, 4].map(async (n) => (await cache.read(key(n), 600)) !== undefined));
    expect(left).toEqual([true, false, true, true]);
    expect((await cache.usage()).bytes).toBeLessThanOrEqual(2500);
    // Larger than the limit: not written, and nothing is removed for it.
    expect(await cache.write(key(5), { ...decoded, pixels: new Uint8Array(5000) })).toBeNull();
    expect((await cache.usage()).entries).toBe(3);
  });

  it("is never required: with an unusable folder the images are the same, and a note says why nothing was cached", async () => {
    const root = await pets();
    const good = await open(root, await temporaryFolder());
    const blocked = join(await temporaryFolder(), "file");
    await writeFile(blocked, "a file where the folder should be");
    const opened = await open(root, join(blocked, "cache"));
    expect(opened.fingerprint).toBe(good.fingerprint);
    expect(opened.notes.join(" ")).toMatch(/The decoded images were not cached and have to be decoded again next time: .*cannot be written/);
  });

  it("works on a full disk", async ({ skip }) => {
    const full = await temporaryFolder();
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", full]).status !== 0) return skip("a small disk cannot be mounted here");
    try {
      await writeFile(join(full, "filler"), Buffer.alloc(8192)).catch(() => undefined);
      const root = await pets();
      const opened = await open(root, join(full, "cache"));
      expect(opened.train.count + opened.test.count).toBe(10);
      expect(opened.notes.join(" ")).toMatch(/were not cached.*(space|room)/);
    } finally {
      spawnSync("umount", [full]);
    }
  });

  it("counts a damaged entry as missing", async () => {
    const root = await pets();
    const cacheFolder = await temporaryFolder();
    const { fingerprint } = await open(root, cacheFolder);
    const [name = ""] = await readdir(cacheFolder);
    const entry = join(cacheFolder, name);
    const bytes = await readFile(entry);
    for (const damaged of [bytes.subarray(0, 50), Buffer.alloc(0), Buffer.concat([bytes, Buffer.from([1])])]) {
      await writeFile(entry, damaged);
      expect((await open(root, cacheFolder)).fingerprint).toBe(fingerprint);
    }
    await writeFile(entry, "");
    await mkdir(join(cacheFolder, `images-${"a".repeat(32)}-${"b".repeat(16)}.bin`));
    expect((await open(root, cacheFolder)).fingerprint).toBe(fingerprint);
  });
});
