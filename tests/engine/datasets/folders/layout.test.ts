import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../../../src-main/engine/datasets/access/open.ts";
import { type FolderLayout, understandLayout } from "../../../../src-main/engine/datasets/folders/layout.ts";
import { comparePaths } from "../../../../src-main/engine/datasets/folders/plan.ts";
import { indexImages } from "../../../../src-main/engine/datasets/streaming/image-index.ts";
import type { DatasetLayout } from "../../../../src-shared/domain/dataset.ts";
import { put, temporaryFolder, userErrorOf } from "../support/helpers.ts";

function understand(folders: readonly string[], setting?: DatasetLayout): { readonly layout: FolderLayout; readonly placed: Record<string, string> } {
  const layout = understandLayout(
    "here",
    folders.map((folder) => `${folder}/1.png`),
    setting,
  );
  const placed = Object.fromEntries(
    folders.map((folder) => {
      const place = layout.place(`${folder}/1.png`);
      return [folder, "leftOut" in place ? `- ${place.leftOut}` : `${place.part} ${place.className}`];
    }),
  );
  return { layout, placed };
}

describe("layouts of image folders", () => {
  it.each([
    ["train", "val", "test"],
    ["training", "valid", "testing"],
    ["Train", "Validation", "TEST"],
    ["training_set", "validation_set", "test_set"],
    ["trainset", "valset", "testset"],
    ["train2017", "val2017", "test2017"],
    ["trainImages", "valImages", "testImages"],
    ["seg_train", "seg_val", "seg_test"],
    ["flowers-train", "flowers-valid", "flowers-test"],
  ])("takes %s, %s and %s as parts", (train, validation, test) => {
    const folders = [train, validation, test].flatMap((part) => [`${part}/a`, `${part}/b`]);
    expect(understand(folders).placed).toEqual(
      Object.fromEntries(
        folders.map((folder) => {
          const [part, name] = folder.split("/");
          return [folder, `${part === train ? "train" : part === validation ? "validation" : "test"} ${name}`];
        }),
      ),
    );
  });

  it("takes training_set/ and test_set/ below a folder, and the nested folders and the prediction part of Kaggle", () => {
    expect(understand(["dataset/training_set/cats", "dataset/training_set/dogs", "dataset/test_set/cats", "dataset/test_set/dogs"]).layout.summary).toBe(
      "In dataset/: training_set/ is the training part; test_set/ is the test part.",
    );
    const { layout, placed } = understand(["seg_train/seg_train/sea", "seg_train/seg_train/street", "seg_test/seg_test/sea", "seg_pred/seg_pred"]);
    expect(placed).toEqual({
      "seg_train/seg_train/sea": "train sea",
      "seg_train/seg_train/street": "train street",
      "seg_test/seg_test/sea": "test sea",
      "seg_pred/seg_pred": "- unlabelled",
    });
    expect(layout.summary).toBe(
      "seg_train/seg_train/ is the training part; seg_test/seg_test/ is the test part; seg_pred/seg_pred/ has no class folders and is not used.",
    );
  });

  it("uses val/ for training where there is no train/, and says so", () => {
    const { layout, placed } = understand(["val/a", "val/b", "test/a", "test/b"]);
    expect(placed).toEqual({ "val/a": "train a", "val/b": "train b", "test/a": "test a", "test/b": "test b" });
    expect(layout.summary).toBe("val/ is the training part, because there is no train/ folder; test/ is the test part.");
  });

  it("takes a folder that is named like a part as a class among classes", () => {
    expect(understand(["bus", "car", "train"]).placed).toEqual({ bus: "train bus", car: "train car", train: "train train" });
    expect(understand(["valid", "invalid"]).placed).toEqual({ valid: "train valid", invalid: "train invalid" });
    expect(understand(["train_station", "bus_stop"]).placed).toEqual({ train_station: "train train_station", bus_stop: "train bus_stop" });
  });

  it("asks where it cannot know, and does what dataset.layout says", async () => {
    const folders = ["bus", "car", "train/steam", "train/electric"];
    const error = await userErrorOf(() => understand(folders));
    expect([error.code, error.field]).toEqual(["folder-layout", "dataset.layout"]);
    expect(error.message).toContain("it contains train, which looks like a part of a dataset, next to bus, car");
    expect(understand(folders, "classes").placed).toMatchObject({ bus: "train bus", "train/steam": "train train", "train/electric": "train train" });
    expect(understand(folders, "parts").placed).toMatchObject({ bus: "- outside-parts", "train/steam": "train steam", "train/electric": "train electric" });
    expect((await userErrorOf(() => understand(["a", "b"], "parts"))).message).toContain('dataset.layout is "parts"');
    expect((await userErrorOf(() => understand(["train", "test"]))).message).toContain("the image in train/ is not in class folders");
    expect(understand(["train", "test"], "classes").placed).toEqual({ train: "train train", test: "train test" });
  });

  it("takes parts inside of classes, unless dataset.layout says otherwise", () => {
    const folders = ["cats/train", "cats/test", "dogs/train", "dogs/test"];
    expect(understand(folders).placed).toEqual({ "cats/train": "train cats", "cats/test": "test cats", "dogs/train": "train dogs", "dogs/test": "test dogs" });
    expect(understand(folders, "classes").placed["cats/test"]).toBe("train cats");
    expect(understand(["cats/young", "cats/old", "dogs/train"]).placed["dogs/train"]).toBe("train dogs");
  });

  it("goes down through folders that contain nothing else, and leaves out single images above", () => {
    const { layout, placed } = understand(["a/b/cats", "a/b/dogs"]);
    expect([layout.prefix, placed["a/b/cats"]]).toEqual(["a/b/", "train cats"]);
    expect(understandLayout("here", ["a/cover.png", "a/b/cats/1.png", "a/b/dogs/1.png"]).place("a/cover.png")).toEqual({ leftOut: "no-class" });
  });

  it("orders paths as a walk does: by name in each folder, files first", () => {
    const paths = ["b/1.png", "a/c/1.png", "a-b/1.png", "a/z.png", "a/b.png", "a/c.d/1.png", "a/c/0/1.png"];
    expect([...paths].sort(comparePaths)).toEqual(["a/b.png", "a/z.png", "a/c/1.png", "a/c/0/1.png", "a/c.d/1.png", "a-b/1.png", "b/1.png"]);
  });
});

describe("class names", () => {
  it("that differ in composition only are one class", async () => {
    const root = await temporaryFolder();
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#123" } })
      .png()
      .toBuffer();
    const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
    for (const part of [`train/${composed}`, "train/tea", `test/${decomposed}`, "test/tea"])
      for (let i = 0; i < 3; i++) await put(join(root, part, `${i}.png`), picture);
    await put(join(root, `train/${decomposed}`, "9.png"), picture);
    const index = await indexImages(root);
    const dataset = await openDataset({ id: "folder", path: root, imageSize: 8 }, { dataRoot: root });
    for (const { classNames, train, test, notes } of [index, dataset]) {
      expect([classNames, train.count, test.count]).toEqual([[composed, "tea"], 7, 6]);
      expect(notes.join()).toContain("differently encoded names");
    }
  });
});

/** Fingerprints of clean folders as they were before both readers shared a walk: saved runs refer to them. */
const BEFORE: readonly (readonly [name: string, folders: readonly string[], memory: string, streamed: string])[] = [
  [
    "classes",
    ["cat", "cat-big", "dog"],
    "b0424dec3e199817510791db959daa546e6e4c1c30526c71ab4bc2661f6ad986",
    "d8683aabfed168b766faa83e505505ad754b3a4991efa4c207798fddc6eb570e",
  ],
  [
    "folders inside of classes",
    ["cat", "cat/young", "cat-big", "dog/a/b"],
    "e663383e63f7ae31da977f8b00b9c086563f1c76349f7bf47bc481f2057f7430",
    "2392a4575c7604441cb8e9ae38029261b0d1b5d7a2107822f3ebf2d7727c85f4",
  ],
  [
    "train and test",
    ["train/cat", "train/cat-big", "test/cat", "test/cat-big"],
    "7e81959a2a9062b493b5b93d4a4e0bac11ee5e5f206327f1fe59cba1a3bb39b5",
    "c3239ac95ff9fa8d519104fb80666e65192f4c042896c6c7a01e126fbbd41b89",
  ],
  [
    "three parts below a folder",
    ["top/train/a", "top/train/b", "top/val/a", "top/val/b", "top/test/a", "top/test/b"],
    "2c30185b7441e0e0920ae4d85ab5143cd4991c6c15aaf943069202d05355c0c7",
    "6aca5ddc9e86e79c92eabfccfeaabbc59d76203ea314a67db8cc0b76d4297cef",
  ],
  [
    "train and val",
    ["train/a", "train/b", "val/a", "val/b"],
    "a2869030be5d6dbda22682d3b81547af0eb00f32e0755fcbc683ac0318102841",
    "720f5d75de157d66bb146d0841fee2176b95178c991342bd412f491697fd1a62",
  ],
];

describe("fingerprints of clean folders", () => {
  it.each(BEFORE)("%s: unchanged", async (_, folders, memory, streamed) => {
    const decoded = await temporaryFolder();
    const listed = await temporaryFolder();
    let n = 0;
    for (const folder of folders)
      for (let i = 0; i < 6; i++) {
        n++;
        const background = { r: n, g: 2 * n, b: 255 - n };
        await put(
          join(decoded, folder, `${i}.png`),
          await sharp({ create: { width: 8, height: 8, channels: 3, background } })
            .png()
            .toBuffer(),
        );
        await put(join(listed, folder, `${i}.png`), "x".repeat(n));
      }
    expect((await openDataset({ id: "folder", path: decoded, imageSize: 8 }, { dataRoot: decoded })).fingerprint).toBe(memory);
    expect((await indexImages(listed)).fingerprint).toBe(streamed);
  });
});
