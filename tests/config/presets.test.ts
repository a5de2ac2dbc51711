import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listPresets, presetNames, readPreset } from "../../src-main/config/presets.ts";
import { checkRunConfig } from "../../src-shared/domain/config/check-config.ts";

describe("presets", () => {
  it("are listed from small to large", async () => {
    expect((await presetNames()).slice(0, 3)).toEqual(["demo", "quick", "paper-cifar10"]);
  });

  it("each can run as it is, and says what it is for", async () => {
    for (const name of await presetNames()) {
      const preset = await readPreset(name);
      expect(checkRunConfig(preset.config), name).toEqual([]);
      expect(preset.title.length, name).toBeGreaterThan(5);
      expect(preset.description.length, name).toBeGreaterThan(20);
    }
  });

  it("quick also fits the sample of 10,000 CIFAR-10 images", async () => {
    expect(checkRunConfig((await readPreset("quick")).config, { trainImages: 10_000 })).toEqual([]);
  });

  it("demo and quick train both groups with one protocol", async () => {
    for (const preset of (await listPresets()).filter(({ id }) => id === "demo" || id === "quick")) {
      if (preset.config.kind !== "pipeline") throw new Error(`${preset.id} must be a pipeline`);
      expect(preset.config.search.randomBaseline).toBeGreaterThanOrEqual(preset.config.search.shortlist);
    }
  });

  it("studies of generators keep the image scale from H, which would tell it the depth without a graph", async () => {
    const studies = (await listPresets()).flatMap(({ id, config }) => (config.kind === "study" ? [{ id, config }] : []));
    expect(studies.length).toBeGreaterThan(5);
    for (const { id, config } of studies)
      for (const { name, ghn } of config.variants) if (ghn.generator !== "one-shot") expect(ghn.scaleFeature, `${id}, ${name}`).toBe(false);
  });

  it("studies train every generator for the same epochs of batches of the same size", async () => {
    for (const { id, config } of await listPresets()) {
      if (config.kind !== "study") continue;
      const budgets = config.variants.map(({ training }) => `${training.epochs} epochs of batches of ${training.batchSize}`);
      expect(new Set(budgets).size, `${id}: ${budgets.join(", ")}`).toBe(1);
    }
  });

  it("the stacking ablations compare individual GHNs with shared ones (Table 4)", async () => {
    for (const { id, config } of await listPresets()) {
      if (config.kind !== "study" || !id.endsWith("ablation-stacking")) continue;
      expect(config.variants.map(({ ghn }) => [ghn.sharing, ghn.passEmbedding])).toEqual([
        ["none", false],
        ["none", true],
        ["gnn", true],
        ["all", true],
      ]);
    }
  });

  it("paper-cifar10 holds the paper's figures", async () => {
    const paper = (await listPresets()).find(({ id }) => id === "paper-cifar10");
    if (paper?.config.kind !== "pipeline") throw new Error("paper-cifar10 must be a pipeline");
    const { network, space, ghn, training, search, final, dataset } = paper.config;
    expect(network).toMatchObject({ blocks: 18, initialChannels: 32, reductions: [6, 12] });
    expect(space).toMatchObject({ nodes: 17 });
    expect(space.operations).toHaveLength(9);
    expect(ghn).toEqual({
      generator: "graph",
      hiddenSize: 32,
      messageHiddenSize: 32,
      decoderHiddenSize: 64,
      propagation: "forward-backward",
      propagationSteps: 5,
      sharing: "all",
      passEmbedding: true,
      fanInNormalisation: true,
      scaleFeature: true,
    });
    expect(training).toMatchObject({ nodes: 7, epochs: 200, batchSize: 64, learningRate: 1e-3, halveAt: [0.5, 0.75] });
    expect(search).toMatchObject({ strategy: "random", samples: 1000, shortlist: 10, validationImages: 5000 });
    expect(final).toMatchObject({
      epochs: 600,
      learningRate: 0.025,
      momentum: 0.9,
      weightDecay: 3e-4,
      gradientClip: 5,
      dropPath: 0.4,
      auxiliaryWeight: 0.5,
      repetitions: 5,
      warmupEpochs: 5,
      augmentation: { cutout: 16 },
    });
    expect(dataset.validationImages).toBe(5000);
  });

  it("paper-ghn-top trains ten chosen and ten random cells with the full recipe, without Cutout, and measures them", async () => {
    const presets = await listPresets();
    const [top, paper] = ["paper-ghn-top", "paper-cifar10"].map((name) => presets.find(({ id }) => id === name)?.config);
    if (top?.kind !== "pipeline" || paper?.kind !== "pipeline") throw new Error("Both must be pipelines.");
    expect(top.search).toMatchObject({ shortlist: 10, randomBaseline: 10, samples: 1000 });
    expect(top.compareTest).toBe(true);
    const { augmentation, ...recipe } = paper.final;
    expect(top.compare).toEqual({ ...recipe, repetitions: 1, augmentation: { ...augmentation, cutout: 0 } });
    expect({ ...top, compare: paper.compare, compareTest: false }).toEqual(paper);
  });

  it("paper-anytime trains ten winners and ten random picks alike, with both references", async () => {
    const anytime = (await listPresets()).find(({ id }) => id === "paper-anytime")?.config;
    if (anytime?.kind !== "anytime") throw new Error("paper-anytime must be an anytime experiment.");
    expect(anytime).toMatchObject({ winners: 10, randomPicks: 10 });
    expect(anytime.search.shortlist).toBeGreaterThanOrEqual(anytime.winners);
    expect(anytime.references.map(({ kind }) => kind)).toEqual(["msdnet", "resnet"]);
  });

  it("imagenet-mobile holds the paper's transfer", async () => {
    const mobile = (await listPresets()).find(({ id }) => id === "imagenet-mobile");
    if (mobile?.config.kind !== "cell-training") throw new Error("imagenet-mobile must train a cell");
    const { network, training, dataset } = mobile.config;
    expect(network).toMatchObject({ blocks: 14, reductions: [0, 1, 5, 9], stem: "imagenet", multiplyAddBudget: 600_000_000 });
    expect(training).toMatchObject({
      epochs: 250,
      learningRate: 0.1,
      momentum: 0.9,
      schedule: "exponential",
      decayRate: 0.97,
      auxiliaryWeight: 0.5,
      dropPath: 0.4,
      accumulate: 32,
      warmupEpochs: 5,
    });
    expect(dataset).toMatchObject({ streamed: true, imageSize: 224 });
  });

  it("a damaged preset is named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ghn-preset-"));
    await writeFile(join(folder, "odd.json"), '{"title":1}');
    await writeFile(join(folder, "torn.json"), '{"title":');
    await expect(readPreset("odd", folder)).rejects.toThrow(/odd\.json is damaged/);
    await expect(readPreset("torn", folder)).rejects.toThrow(/torn\.json is damaged/);
    await rm(folder, { recursive: true });
  });
});
