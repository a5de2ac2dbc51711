import { execFileSync } from "node:child_process";
import { link, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { create } from "tar";
import { beforeAll, describe, expect, it } from "vitest";
import { describeDataset } from "../../../../src-main/engine/datasets/access/describe.ts";
import { importDataset } from "../../../../src-main/engine/datasets/install/import.ts";
import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import { put, temporaryFolder, userErrorOf } from "../support/helpers.ts";

let picture = Buffer.alloc(0);
beforeAll(async () => {
  picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#abc" } })
    .png()
    .toBuffer();
});

/** A folder with classes of ten images each. */
async function pets(...classes: string[]): Promise<string> {
  const root = await temporaryFolder();
  for (const name of classes) for (let i = 0; i < 10; i++) await put(join(root, name, `${i}.png`), picture);
  return root;
}

/** Runs both readers on the same folder; their interpretation and the files left out must be the same. */
async function bothReaders(path: string, layout?: DatasetLayout) {
  const ref = { id: "folder", path, imageSize: 8, ...(layout === undefined ? {} : { layout }) } as const;
  const memory = await describeDataset(ref, { dataRoot: path });
  const streamed = await describeDataset({ ...ref, streamed: true }, { dataRoot: path });
  expect([streamed.layout, streamed.leftOut, streamed.classNames]).toEqual([memory.layout, memory.leftOut, memory.classNames]);
  expect(streamed.trainCount + streamed.testCount).toBe(memory.trainCount + memory.testCount);
  return { ...memory, images: memory.trainCount + memory.testCount, leftOut: Object.fromEntries(memory.leftOut.map(({ reason, count }) => [reason, count])) };
}

async function bothRefuse(path: string, layout?: DatasetLayout) {
  const ref = { id: "folder", path, imageSize: 8, ...(layout === undefined ? {} : { layout }) } as const;
  const memory = await userErrorOf(describeDataset(ref, { dataRoot: path }));
  const streamed = await userErrorOf(describeDataset({ ...ref, streamed: true }, { dataRoot: path }));
  expect([streamed.code, streamed.message]).toEqual([memory.code, memory.message]);
  return memory;
}

describe("what both readers of image folders list", () => {
  it("names empty folders, which are not classes", async () => {
    const root = await pets("cats", "dogs");
    await mkdir(join(root, "birds"));
    expect(await bothReaders(root)).toMatchObject({ classNames: ["cats", "dogs"], leftOut: { empty: 1 } });
  });

  it.skipIf(process.platform !== "linux")("leaves out files and folders whose names are not valid UTF-8", async () => {
    const root = await pets("cats", "dogs");
    await writeFile(Buffer.concat([Buffer.from(join(root, "cats", "caf")), Buffer.from([0xe9]), Buffer.from(".png")]), picture);
    // A replacement character that really is part of the name is fine.
    await put(join(root, "cats", "\ufffd.png"), picture);
    expect(await bothReaders(root)).toMatchObject({ images: 21, leftOut: { "bad-name": 1 } });
    await mkdir(Buffer.concat([Buffer.from(join(root, "v")), Buffer.from([0xf6]), Buffer.from("gel")]));
    expect((await bothRefuse(root)).message).toContain("not valid UTF-8");
  });

  it("leaves out what file managers, notebooks and archive tools create, hidden files, and files of other types", async () => {
    const root = await pets("cats", "dogs");
    for (const clutter of [
      ".ipynb_checkpoints/0-checkpoint.png",
      "__MACOSX/cats/._0.png",
      "@eaDir/cats/0.png",
      "cats/.ipynb_checkpoints/0.png",
      "cats/@eaDir/0.png@SynoEAStream",
    ])
      await put(join(root, clutter), picture);
    for (const file of [
      "cats/Thumbs.db",
      "cats/.DS_Store",
      "dogs/desktop.ini",
      "dogs/._1.png",
      ".git/objects/0.png",
      "dogs/.hidden.png",
      "labels.csv",
      "dogs/notes.txt",
    ])
      await put(join(root, file), "x");
    const found = await bothReaders(root);
    expect([found.images, found.classNames]).toEqual([20, ["cats", "dogs"]]);
    expect(found.leftOut).toEqual({ system: 9, hidden: 2, "other-type": 2 });
  });

  it("follows links to files inside the folder once, and none outside", async () => {
    const root = await pets("cats", "dogs", "horses", "mice");
    await put(join(root, ".store/9f2c.png"), picture);
    await symlink("../.store/9f2c.png", join(root, "cats/annexed.png"));
    // A link does not change the class of an image.
    await symlink("../dogs/0.png", join(root, "cats/dog.png"));
    // Of two equivalent names, the first is used, and a note says so.
    await link(join(root, "dogs/1.png"), join(root, "cats/dog-hard.png"));
    const elsewhere = await temporaryFolder();
    await put(join(elsewhere, "0.png"), picture);
    await symlink(join(elsewhere, "0.png"), join(root, "dogs/outside.png"));
    await symlink("nothing.png", join(root, "dogs/broken.png"));
    await symlink("loop.png", join(root, "dogs/loop.png"));
    const found = await bothReaders(root);
    expect(found.images).toBe(41);
    expect(found.leftOut).toEqual({ "link-outside": 1, "link-broken": 2, duplicate: 2, hidden: 1 });
    expect(found.notes.join(" ")).toContain("2 files have names in more than one class or part");
  });

  it("is not multiplied by links to parents, siblings and itself", async () => {
    const root = await pets("train/cats", "train/dogs", "test/cats", "test/dogs");
    const before = await bothReaders(root);
    await symlink("..", join(root, "train/cats/up"));
    await symlink(root, join(root, "test/dogs/root"));
    await symlink(join(root, ".."), join(root, "train/above"));
    await symlink("../dogs", join(root, "train/cats/dogs"));
    await symlink("cats", join(root, "train/lions"));
    const after = await bothReaders(root);
    expect([after.fingerprint, after.trainHistogram, after.testHistogram]).toEqual([before.fingerprint, before.trainHistogram, before.testHistogram]);
    expect(after.leftOut).toEqual({ duplicate: 5 });
  });

  it("takes a link to a folder that is hidden, as data tools create", async () => {
    const root = await pets(".cache/cats", "dogs");
    await symlink(".cache/cats", join(root, "cats"));
    expect((await bothReaders(root)).classNames).toEqual(["cats", "dogs"]);
  });

  it("refuses a folder whose classes are links to the outside or to nothing", async () => {
    const elsewhere = await pets("cats");
    const root = await pets("dogs", "mice");
    await symlink(join(elsewhere, "cats"), join(root, "cats"));
    expect(await bothRefuse(root)).toMatchObject({
      code: "folder-left-out",
      message: expect.stringContaining("cats is a link to a folder that does not exist or is outside"),
    });
    await rm(join(elsewhere, "cats"), { recursive: true });
    expect((await bothRefuse(root)).code).toBe("folder-left-out");
  });

  it("refuses a folder if more than a tenth of its images would be left out, and says which", async () => {
    const root = await pets("cats", "dogs");
    await put(join(root, "cats/a.bmp"), "x");
    await put(join(root, "dogs/b.HEIC"), "x");
    expect((await bothReaders(root)).leftOut).toEqual({ "unsupported-image": 2 });
    await put(join(root, "loose.png"), picture);
    const error = await bothRefuse(root);
    expect([error.code, error.message]).toEqual([
      "folder-left-out",
      `The folder ${root} cannot be used: 3 of 23 images would be left out, which is more than a tenth. They are 2 images of unsupported types (cats/a.bmp, dogs/b.HEIC); 1 image that is not in a class folder (loose.png).`,
    ]);
  });

  it("counts what is too deep and what is not a file", async () => {
    const root = await pets("cats", "dogs");
    await put(join(root, "cats", ...Array.from({ length: 15 }, () => "d"), "0.png"), picture);
    await put(join(root, "cats", ...Array.from({ length: 16 }, () => "d"), "0.png"), picture);
    execFileSync("mkfifo", [join(root, "dogs/pipe.png")]);
    const found = await bothReaders(root);
    expect([found.images, found.leftOut]).toEqual([21, { "too-deep": 1, special: 1 }]);
  });

  it("is the same for an archive, and for a copy that was imported from folder or archive", async () => {
    const root = await pets("top/cats", "top/dogs");
    await put(join(root, "top/.ipynb_checkpoints/0.png"), picture);
    await put(join(root, "top/.ipynb_checkpoints/1.png"), picture);
    await put(join(root, "top/cats/a.bmp"), "x");
    await put(join(root, "top/readme.txt"), "x");
    const fromFolder = await bothReaders(join(root, "top"));
    expect(fromFolder.leftOut).toEqual({ "unsupported-image": 1, system: 1, "other-type": 1 });
    await create({ file: join(root, "a.tgz"), gzip: true, cwd: root }, ["top"]);
    const dataRoot = await temporaryFolder();
    const archive = { id: "folder", path: join(root, "a.tgz"), imageSize: 8 } as const;
    for (const cacheFolder of [join(dataRoot, "cache"), join(dataRoot, "cache")]) {
      const found = await describeDataset(archive, { dataRoot, cacheFolder });
      expect(found.fingerprint).toBe(fromFolder.fingerprint);
      expect(Object.fromEntries(found.leftOut.map(({ reason, count }) => [reason, count]))).toEqual(fromFolder.leftOut);
    }
    for (const [name, path] of [
      ["folder", join(root, "top")],
      ["archive", join(root, "a.tgz")],
    ] as const) {
      const imported = await importDataset(path, "folder", dataRoot, { name });
      expect(Object.fromEntries(imported.leftOut.map(({ reason, count }) => [reason, count]))).toEqual(fromFolder.leftOut);
      expect(imported.trainCount + imported.testCount).toBe(20);
    }
    for (let i = 0; i < 3; i++) await put(join(root, `top/dogs/${i}.bmp`), "x");
    await create({ file: join(root, "b.tgz"), gzip: true, cwd: root }, ["top"]);
    for (const path of [join(root, "top"), join(root, "b.tgz")])
      expect((await userErrorOf(importDataset(path, "folder", dataRoot, { name: "c" }))).code).toBe("folder-left-out");
    expect((await userErrorOf(describeDataset({ ...archive, path: join(root, "b.tgz") }, { dataRoot }))).code).toBe("folder-left-out");
  });

  it("names a folder that cannot be read", async ({ skip }) => {
    if (process.getuid?.() === 0) return skip("root reads everything");
    const root = await pets("cats", "dogs");
    await mkdir(join(root, "mice"), { mode: 0o000 });
    expect(await bothRefuse(root)).toMatchObject({ code: "file-unreadable", file: join(root, "mice") });
  });
});
