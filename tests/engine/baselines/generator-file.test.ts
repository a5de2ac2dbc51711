import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../../../src-main/engine/backend/index.ts";
import { tf } from "../../../src-main/engine/backend/ops/tf.ts";
import { readGenerator } from "../../../src-main/engine/baselines/generator-file.ts";
import { createGenerator } from "../../../src-main/engine/baselines/generators.ts";
import { countGeneratorParameters } from "../../../src-main/engine/baselines/parameter-count.ts";
import { writeSafetensors } from "../../../src-main/engine/formats/safetensors.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { ghnConfig, INPUT, networkConfig } from "../ghn/support/small.ts";

const space = searchSpaceSchema.parse({ nodes: 4 });
const GHN_FILE_FORMAT = SPACES.cell.ghn.fileFormat;
const create = (ghn = ghnConfig(), trainingNodes = 4): ReturnType<typeof createGenerator> =>
  createGenerator(SPACES.cell, { ghn, network: networkConfig(), input: INPUT, space, ...{ trainingNodes } }, Rng.fromSeed(1, "ghn-init"));
const readGhnFile = (file: string, network: ReturnType<typeof networkConfig>, input: typeof INPUT, asked: typeof space): ReturnType<typeof readGenerator> =>
  readGenerator(SPACES.cell, file, { space: asked, network }, input);
let folder = "";
let file = "";
let weights: ReturnType<ReturnType<typeof createGenerator>["exportWeights"]> = {};

async function write(metadata: Record<string, string>, arrays = weights): Promise<string> {
  const other = path.join(folder, "other.safetensors");
  await writeSafetensors(other, new Map(Object.entries(arrays)), metadata);
  return other;
}

const config = (values: object = {}): string => JSON.stringify({ ghn: ghnConfig(), network: networkConfig(), input: INPUT, trainingNodes: 7, ...values });

beforeAll(async () => {
  await initBackend({ prefer: "wasm" });
  folder = await mkdtemp(path.join(tmpdir(), "ghn-file-"));
  file = path.join(folder, "ghn.safetensors");
  const ghn = create();
  weights = ghn.exportWeights();
  ghn.dispose();
  await writeSafetensors(file, new Map(Object.entries(weights)), { format: GHN_FILE_FORMAT, config: config() });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("GHN files", () => {
  it("are read with the config that they were written with", async () => {
    const ghn = await readGhnFile(file, networkConfig(), INPUT, space);
    expect(ghn.exportWeights()).toEqual(weights);
    expect(ghn).toHaveProperty("config", ghnConfig());
    ghn.dispose();
  });

  it.each([
    [true, "all"],
    [false, "gnn"],
  ] as const)("of version 0.1.0 with shareParameters %s are read", async (shareParameters, sharing) => {
    const { sharing: _sharing, scaleFeature: _scale, ...old } = ghnConfig();
    const made = create(ghnConfig({ sharing }));
    const saved = made.exportWeights();
    made.dispose();
    const target = await write({ format: GHN_FILE_FORMAT, config: config({ ghn: { ...old, shareParameters } }) }, saved);
    const read = await readGhnFile(target, networkConfig(), INPUT, space);
    expect(read.exportWeights()).toEqual(saved);
    expect(read).toHaveProperty("config", ghnConfig({ sharing }));
    read.dispose();
  });

  it.each([{ sharing: "none" }, { sharing: "none", scaleFeature: false }, { scaleFeature: false }] as const)("carry %o", async (settings) => {
    const made = create(ghnConfig(settings));
    const saved = made.exportWeights();
    made.dispose();
    const target = await write({ format: GHN_FILE_FORMAT, config: config({ ghn: ghnConfig(settings) }) }, saved);
    const read = await readGhnFile(target, networkConfig(), INPUT, space);
    expect(read.exportWeights()).toEqual(saved);
    expect(read).toHaveProperty("config", ghnConfig(settings));
    read.dispose();
    // Its weights do not fit a GHN with the default settings.
    const other = await write({ format: GHN_FILE_FORMAT, config: config() }, saved);
    await expect(readGhnFile(other, networkConfig(), INPUT, space)).rejects.toMatchObject({ code: "ghn-weights-misfit" });
  });

  it.each([
    ["networks", networkConfig({ initialChannels: 8 }), INPUT, "Initial channels F is 4 in the GHN and 8 here", "network.initialChannels"],
    ["networks", networkConfig({ reductions: [1] }), INPUT, "Reductions after block is [1,2] in the GHN and [1] here", "network.reductions"],
    ["images", networkConfig(), { ...INPUT, classes: 10 }, "classes is 3 in the GHN and 10 here", "dataset"],
    ["images", networkConfig(), { ...INPUT, width: 9 }, "image width is 8 in the GHN and 9 here", "dataset"],
  ] as const)("are refused for other %s", async (_, network, input, sentence, field) => {
    const tensors = tf.memory().numTensors;
    await expect(readGhnFile(file, network, input, space)).rejects.toMatchObject({ code: "ghn-mismatch", field, message: expect.stringContaining(sentence) });
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("are refused if the content is wrong, and leave no tensor behind", async () => {
    const tensors = tf.memory().numTensors;
    const read = async (metadata: Record<string, string>, arrays = weights): Promise<unknown> =>
      readGhnFile(await write(metadata, arrays), networkConfig(), INPUT, space);
    await expect(read({ format: "other" })).rejects.toMatchObject({ code: "ghn-foreign" });
    await expect(read({ format: GHN_FILE_FORMAT })).rejects.toMatchObject({ code: "ghn-damaged" });
    await expect(read({ format: GHN_FILE_FORMAT, config: config({ ghn: { hiddenSize: -1 } }) })).rejects.toMatchObject({ code: "ghn-damaged" });
    await expect(read({ format: GHN_FILE_FORMAT, config: config({ ghn: ghnConfig({ hiddenSize: 7 }) }) })).rejects.toMatchObject({
      code: "ghn-weights-misfit",
    });
    await expect(read({ format: GHN_FILE_FORMAT, config: config() }, {})).rejects.toMatchObject({ code: "ghn-weights-misfit" });
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe("the count of parameters", () => {
  it.each([
    {},
    { sharing: "gnn" },
    { sharing: "none" },
    { sharing: "none", scaleFeature: false },
    { generator: "mlp" },
    { generator: "smash" },
    { generator: "one-shot" },
  ] as const)("of %o is that of the generator that is built", (settings) => {
    const ghn = ghnConfig(settings);
    const made = create(ghn);
    expect(countGeneratorParameters(SPACES.cell, { ghn, network: networkConfig(), input: INPUT, space, ...{ trainingNodes: 4 } })).toBe(made.parameterCount);
    made.dispose();
  });
});

describe("one-shot supernet in place of a GHN", () => {
  const config = { ...ghnConfig(), generator: "one-shot" as const };
  const manifest = JSON.stringify({ ghn: config, network: networkConfig(), input: INPUT, trainingNodes: 4, space });

  it("is saved and read like a GHN", async () => {
    const supernet = create(config);
    const saved = supernet.exportWeights();
    supernet.dispose();
    const read = await readGhnFile(await write({ format: GHN_FILE_FORMAT, config: manifest }, saved), networkConfig(), INPUT, space);
    expect(read.exportWeights()).toEqual(saved);
    read.dispose();
  });

  it("refuses a search with more nodes than it holds", async () => {
    const file = await write({ format: GHN_FILE_FORMAT, config: manifest });
    await expect(readGhnFile(file, networkConfig(), INPUT, searchSpaceSchema.parse({ nodes: 5 }))).rejects.toMatchObject({ code: "ghn-mismatch" });
  });

  it("names the operation that it does not hold", async () => {
    const held = { ...space, operations: ["conv1x1"] };
    const file = await write({ format: GHN_FILE_FORMAT, config: JSON.stringify({ ...JSON.parse(manifest), space: held }) });
    await expect(readGhnFile(file, networkConfig(), INPUT, space)).rejects.toThrow("has no weights for the operation identity");
  });
});

describe.each(["smash", "one-shot"] as const)("a %s file of a version that padded cells to a larger N", (generator) => {
  // Trained on 4 nodes of a space with 6: the parameters of the last two nodes are as they were drawn.
  const wide = searchSpaceSchema.parse({ nodes: 6 });
  const config = { ...ghnConfig(), generator };
  const manifest = { ghn: config, network: networkConfig(), input: INPUT, trainingNodes: 4, space: wide };

  it("ranks only cells with as many nodes as it was trained on", async () => {
    const made = createGenerator(SPACES.cell, manifest, Rng.fromSeed(1, "ghn-init"));
    const saved = made.exportWeights();
    made.dispose();
    const target = await write({ format: GHN_FILE_FORMAT, config: JSON.stringify(manifest) }, saved);
    for (const nodes of [3, 6])
      await expect(readGhnFile(target, networkConfig(), INPUT, { ...wide, nodes })).rejects.toMatchObject({
        code: "ghn-mismatch",
        field: "space.nodes",
        message: expect.stringContaining(`was trained on cells of 4 nodes and cannot rank cells of ${nodes} nodes`),
      });
    (await readGhnFile(target, networkConfig(), INPUT, { ...wide, nodes: 4 })).dispose();
    const four = { nodes: Array.from({ length: 4 }, () => ({ operation: "conv1x1" as const, inputs: [0] })) };
    const given = (normal: typeof four) => ({ space: wide, network: networkConfig(), cells: [{ name: "given", architecture: { normal } }] });
    (await readGenerator(SPACES.cell, target, given(four), INPUT)).dispose();
    await expect(readGenerator(SPACES.cell, target, given({ nodes: [...four.nodes, ...four.nodes] }), INPUT)).rejects.toMatchObject({ code: "ghn-mismatch" });
  });
});

describe.each(["smash", "mlp"] as const)("%s hypernetwork in place of a GHN", (generator) => {
  const config = { ...ghnConfig(), generator };
  const manifest = JSON.stringify({ ghn: config, network: networkConfig(), input: INPUT, trainingNodes: 7, space });

  it("is saved and read like a GHN; SMASH serves no more nodes than it was trained on", async () => {
    const made = create(config, 7);
    const saved = made.exportWeights();
    made.dispose();
    const target = await write({ format: GHN_FILE_FORMAT, config: manifest }, saved);
    const read = await readGhnFile(target, networkConfig(), INPUT, searchSpaceSchema.parse({ nodes: 7 }));
    expect(read.exportWeights()).toEqual(saved);
    read.dispose();
    const larger = readGhnFile(target, networkConfig(), INPUT, searchSpaceSchema.parse({ nodes: 8 }));
    if (generator === "smash") await expect(larger).rejects.toMatchObject({ code: "ghn-mismatch", field: "space.nodes" });
    else (await larger).dispose();
  });
});
