import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applySets, completeConfig, loadConfig } from "../../src-main/config/load-config.ts";
import { UserError } from "../../src-main/lib/errors.ts";
import { valueAt } from "../../src-shared/domain/config/config-diff.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghn-config-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** The error that a function throws. */
async function failure(work: () => unknown): Promise<UserError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("No error was thrown.");
}

describe("loadConfig", () => {
  it("reads a preset by name and fills in every default", async () => {
    const { config, name, origin } = await loadConfig("demo");
    expect(name).toBe("demo");
    expect(origin).toEqual({ preset: "demo" });
    if (config.kind !== "pipeline") throw new Error("demo must be a pipeline");
    expect(config.dataset.id).toBe("digits");
    expect(config.ghn.propagation).toBe("forward-backward");
    expect(config.compute.backend).toBe("auto");
  });

  it("reads a JSON file, and a preset file given by its path", async () => {
    const plain = await file(
      "mine.json",
      JSON.stringify({
        kind: "ghn-training",
        seed: 7,
        dataset: { id: "digits", validationImages: 200 },
        network: { blocks: 2, reductions: [1] },
        training: { validationImages: 100 },
      }),
    );
    const loaded = await loadConfig(plain);
    expect(loaded.name).toBe("mine");
    expect(loaded.config.seed).toBe(7);
    const wrapped = await file(
      "wrapped.json",
      JSON.stringify({
        title: "Mine",
        config: {
          kind: "ghn-training",
          dataset: { validationImages: 200 },
          network: { blocks: 1, reductions: [] },
          training: { validationImages: 100, augmentation: { cropPadding: 1 } },
        },
      }),
    );
    expect((await loadConfig(wrapped)).config.kind).toBe("ghn-training");
  });

  it("suggests the preset that was meant", async () => {
    const error = await failure(() => loadConfig("dmeo"));
    expect(error.message).toBe('There is no preset "dmeo". Did you mean "demo"?');
    expect(error.remedy).toContain("demo, quick, paper-cifar10");
  });

  it("reports a missing file, a folder, invalid JSON with its line, and a file that is too large", async () => {
    expect((await failure(() => loadConfig(join(folder, "nowhere.json")))).message).toContain("Config file not found");
    expect((await failure(() => loadConfig(folder))).message).toContain("is a folder, not a config file");
    const broken = await failure(async () => loadConfig(await file("broken.json", '{\n  "kind": "pipeline",\n  "seed": 1,,\n}')));
    expect(broken.message).toMatch(/broken\.json is not valid JSON \(line 3\)\./);
    expect(broken.remedy).toContain("trailing commas and comments are not allowed");
    const large = await failure(async () => loadConfig(await file("large.json", " ".repeat(17 * 2 ** 20))));
    expect(large.message).toContain("too large for a run config (17 MB)");
  });

  it("reads UTF-8 with a byte order mark, and names UTF-16 as the cause", async () => {
    const text =
      '{"kind":"ghn-training","dataset":{"validationImages":200},"network":{"blocks":1,"reductions":[]},"training":{"validationImages":100,"augmentation":{"cropPadding":1}}}';
    expect((await loadConfig(await file("bom.json", `\ufeff${text}`))).config.kind).toBe("ghn-training");
    for (const [name, bytes] of [
      ["le", Buffer.from(`\ufeff${text}`, "utf16le")],
      ["be", Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
      ["none", Buffer.from(text, "utf16le")],
    ] as const) {
      const path = join(folder, `utf16-${name}.json`);
      await writeFile(path, bytes);
      expect((await failure(() => loadConfig(path))).message).toContain("is encoded as UTF-16");
    }
  });

  it.each([
    ['{"kind": "pipeline", "training": {"learningRate": .05}}', "Write 0.05 instead of .05."],
    ['{"kind": "pipeline", "training": {"learningRate": -.5e-3}}', "Write -0.5e-3 instead of -.5e-3."],
    ['{"kind": "pipeline", "training": {"learningRate": +0.05}}', "Write 0.05 instead of +0.05."],
    ['{"kind": "pipeline", "training": {"learningRate": 1.}}', "Write 1.0 instead of 1.."],
    ['{"kind": "pipeline", "ghn": {"passEmbedding": True}}', "Write true instead of True."],
    ['{"kind": "pipeline", "dataset": {"path": None}}', "Write null instead of None."],
  ])("%s is answered with the right spelling", async (text, hint) => {
    const error = await failure(async () => loadConfig(await file("spelling.json", text)));
    expect(error.message).toContain("is not valid JSON (line 1)");
    expect(error.remedy).toBe(hint);
  });

  it("understands configs of version 0.1.0", async () => {
    const ghnOf = async (ghn: object) =>
      (await loadConfig(await file("old.json", JSON.stringify({ kind: "ghn-training", dataset: { id: "cifar10" }, ghn })))).config;
    expect(await ghnOf({ shareParameters: true })).toMatchObject({ ghn: { sharing: "all", scaleFeature: true } });
    expect(await ghnOf({ shareParameters: false })).toMatchObject({ ghn: { sharing: "gnn", scaleFeature: true } });
    const study = { kind: "study", dataset: { id: "cifar10" }, variants: [{ name: "a", ghn: { shareParameters: false } }, { name: "b" }] };
    expect((await loadConfig(await file("study.json", JSON.stringify(study)))).config).toMatchObject({
      variants: [{ ghn: { sharing: "gnn" } }, { ghn: { sharing: "all" } }],
    });
    expect((await failure(async () => ghnOf({ shareParameters: 3 }))).message).toContain("ghn.sharing must be one of all, gnn, none (got 3)");
  });

  it("does not show an infinite number as null", async () => {
    const error = await failure(async () => loadConfig(await file("huge.json", '{"kind": "pipeline", "training": {"learningRate": 1e400}}')));
    expect(error.message).toContain("training.learningRate must be");
    expect(error.message).toContain("(got Infinity)");
    expect((await failure(() => loadConfig("demo", ["training.learningRate=1e400"]))).message).toContain('(got "1e400")');
  });

  it("makes the path of the images absolute", async () => {
    const { config } = await loadConfig("demo", ["dataset.id=folder", "dataset.path=photos"]);
    expect(config.dataset.path).toBe(resolve("photos"));
    expect((await loadConfig("demo", ["dataset.id=folder", "dataset.path=~/photos"])).config.dataset.path).toBe(join(homedir(), "photos"));
  });

  it.skipIf(process.getuid?.() === 0)("says that a file may not be read", async () => {
    const path = await file("secret.json", "{}");
    const { chmod } = await import("node:fs/promises");
    await chmod(path, 0o000);
    expect((await failure(() => loadConfig(path))).message).toContain("cannot be read");
  });

  it.each([
    ["null", "null"],
    ["a list", "[]"],
    ["a number", "3"],
  ])("refuses JSON that is %s", async (_, text) => {
    const error = await failure(async () => loadConfig(await file("odd.json", text)));
    expect(error.message).toContain("A run config must be a JSON object");
  });

  it("survives a config that tries to reach the prototype", async () => {
    const error = await failure(async () => loadConfig(await file("proto.json", '{"kind":"pipeline","__proto__":{"seed":5},"constructor":1}')));
    expect(error.message).toContain("Unknown field");
    expect(({} as { seed?: number }).seed).toBeUndefined();
  });
});

describe("--set", () => {
  it("sets numbers, lists, text and takes a field back to its default", async () => {
    const { config } = await loadConfig("demo", [
      "training.epochs=0.5",
      "network.reductions=[1]",
      "space.operations=identity,conv1x1,maxPool3x3,sepConv3x3",
      "dataset.path=/somewhere/else",
      "seed=42",
      "search.samples=",
      "compare.augmentation.horizontalFlip=true",
    ]);
    if (config.kind !== "pipeline") throw new Error("demo must be a pipeline");
    expect(config.training.epochs).toBe(0.5);
    expect(config.network.reductions).toEqual([1]);
    expect(config.space.operations).toEqual(["identity", "conv1x1", "maxPool3x3", "sepConv3x3"]);
    expect(config.dataset.path).toBe("/somewhere/else");
    expect(config.seed).toBe(42);
    expect(config.search.samples).toBe(1000);
    expect(config.compare.augmentation.horizontalFlip).toBe(true);
  });

  it.each([
    ["training.learningRate=.05", 0.05],
    ["training.learningRate=+0.05", 0.05],
    ["training.learningRate=1e-3", 1e-3],
    ["training.learningRate=+1E-3", 1e-3],
    ["ghn.passEmbedding=False", false],
    ["ghn.passEmbedding=TRUE", true],
    ["training.halveAt=.5,.75", [0.5, 0.75]],
  ])("%s is understood", async (set, expected) => {
    expect(valueAt((await loadConfig("demo", [set])).config, set.split("=")[0] ?? "")).toEqual(expected);
  });

  it("applies settings in order and leaves the source alone", () => {
    const raw = { kind: "ghn-training", training: { epochs: 3 } };
    expect(applySets(raw, ["training.epochs=4", "training.epochs=5"])).toEqual({ kind: "ghn-training", training: { epochs: 5 } });
    expect(raw.training.epochs).toBe(3);
  });

  it("can change the kind first and then set fields of that kind", () => {
    const changed = applySets({}, ["kind=search", "search.samples=5"]);
    expect(changed).toEqual({ kind: "search", search: { samples: 5 } });
  });

  it.each([
    ["training.epoch=3", 'Unknown field "training.epoch" in a pipeline config. Did you mean "training.epochs"?'],
    ["training.Epochs=3", 'Did you mean "training.epochs"?'],
    ["epochs=3", 'Did you mean "training.epochs", "compare.epochs" or "final.epochs"?'],
    ["serch.samples=3", 'Did you mean "search.samples"?'],
    ["space.op=3", 'Did you mean "space.operations"?'],
    ["network.foobar=3", 'Fields of "network": blocks, initialChannels'],
  ])("%s is answered with a suggestion", async (set, expected) => {
    const error = await failure(() => loadConfig("demo", [set]));
    expect(error.message).toContain(expected);
    expect(error.code).toBe("config-invalid");
  });

  it("refuses text without an equals sign, or without a field", async () => {
    for (const set of ["training.epochs", "=3", "training.epochs 3"]) {
      const error = await failure(() => loadConfig("demo", [set]));
      expect(error.message).toContain("does not have the form field=value");
    }
  });

  it.each([
    ["training.epochs=many", "training.epochs must be a number from 0.01 to 2,000"],
    ["training.epochs=0", "training.epochs must be a number from 0.01 to 2,000 (got 0)."],
    ["seed=1.5", "seed must be a whole number"],
    ["dataset.id=cifar", 'Did you mean "cifar10"?'],
    ["compare.augmentation.horizontalFlip=yes", "must be true or false"],
    ["network.reductions=a", "network.reductions.0 must be a whole number"],
    ["network={}x", "network must be an object with the fields blocks, initialChannels"],
  ])("%s is refused with what the field takes", async (set, expected) => {
    expect((await failure(() => loadConfig("demo", [set]))).message).toContain(expected);
  });

  it("lists every problem at once", async () => {
    const error = await failure(() => loadConfig("demo", ["training.epoch=1", "search.sample=1"]));
    expect(error.message).toContain("2 settings are invalid");
    expect(error.message.split("\n")).toHaveLength(3);
  });

  it("never sets fields through the prototype", async () => {
    await failure(() => loadConfig("demo", ["__proto__.polluted=1"]));
    await failure(() => loadConfig("demo", ["constructor.prototype.polluted=1"]));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("takes settings for cells of a cell training by index", () => {
    const cell = { nodes: [{ operation: "conv1x1", inputs: [0] }] };
    const raw = {
      kind: "cell-training",
      source: { from: "cells", cells: [{ name: "one", architecture: { normal: cell } }] },
      dataset: { validationImages: 100 },
      network: { blocks: 1, reductions: [] },
    };
    const config = completeConfig(raw, ["source.cells.0.name=renamed", "training.augmentation.cropPadding=1"], "a test");
    if (config.kind !== "cell-training" || config.source.from !== "cells") throw new Error("wrong kind");
    expect(config.source.cells[0]?.name).toBe("renamed");
  });
});
