import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../src-main/engine/backend/index.ts";
import { type OnnxOptions, OPSETS, onnxModel } from "../../../src-main/engine/formats/onnx/model.ts";
import { decodeModel } from "../../../src-main/engine/formats/onnx/proto.ts";
import type { BuiltPlan } from "../../../src-main/engine/network/program.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { planOfModel } from "../../../src-main/engine/spaces/anytime/model.ts";
import { buildAnytimePlan } from "../../../src-main/engine/spaces/anytime/plan.ts";
import { sampleAnytime } from "../../../src-main/engine/spaces/anytime/sampler.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { publishedCells } from "../../../src-main/engine/spaces/cell/published.ts";
import { sampleCell } from "../../../src-main/engine/spaces/cell/sampler.ts";
import { openOnnxJudge } from "../../../src-main/export/network/onnx-judge.ts";
import { ANYTIME_OPERATIONS, type AnytimeArchitecture, msdNetSchema, resNetSchema } from "../../../src-shared/domain/architecture/anytime.ts";
import { type NetworkInput, networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../../src-shared/domain/architecture/operations.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { anytimeSpaceSchema } from "../../../src-shared/domain/config/anytime-config.ts";
import { config } from "../network/support/networks.ts";
import { channelsFirst, largestDifference, randomImages, randomNetwork } from "./support/exported.ts";

const STANDARD: OnnxOptions = { opset: 17, foldBatchNorm: true, preprocessing: "normalised" };
const FACTS = { name: "test", producerVersion: "0", metadata: { run: "abc", classNames: '["a"]' } };
/** An odd height and an even width, so that SAME padding is uneven in one direction only. */
const ODD: NetworkInput = { height: 7, width: 10, channels: 2, classes: 3 };

let backend: Backend;
let folder = "";
let files = 0;
beforeAll(async () => {
  backend = await initBackend();
  folder = await mkdtemp(join(tmpdir(), "ghn-onnx-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Exports a network with random weights, and compares what ONNX Runtime computes with what the studio does. */
async function expectSame(plan: BuiltPlan, options: Partial<OnnxOptions> = {}, count = 3): Promise<void> {
  const chosen = { ...STANDARD, ...options };
  const { network, logits } = randomNetwork(backend, plan);
  const bytes = onnxModel(network, chosen, FACTS);
  const file = join(folder, `${files++}.onnx`);
  await writeFile(file, bytes);
  const { pixels, images } = randomImages(network, count);
  const expected = logits(images, count);
  const judge = await openOnnxJudge(file, network.input, expected.length, chosen);
  if ("reason" in judge) throw new Error(judge.reason);
  try {
    const results = await judge.run(chosen.preprocessing === "raw" ? pixels : channelsFirst(images, network.input), count);
    expect(results).toHaveLength(expected.length);
    expected.forEach((own, i) => {
      const wanted = chosen.preprocessing === "raw" ? softmax(own, network.input.classes) : own;
      const scale = Math.max(1, ...own.map(Math.abs));
      expect(largestDifference(results[i] ?? [], wanted) / scale).toBeLessThan(1e-4);
      // Networks whose answer does not depend on the image would agree whatever the graph.
      expect(largestDifference(own.slice(0, network.input.classes), own.slice(network.input.classes, 2 * network.input.classes))).toBeGreaterThan(1e-3);
    });
  } finally {
    await judge.close();
  }
}

describe("ONNX models, run by ONNX Runtime", () => {
  it.each(ALL_OPERATIONS)("compute %s on two inputs at full and at half size", async (operation) => {
    const cell = { nodes: [{ operation, inputs: [0, 1] }] };
    await expectSame(buildPlan({ normal: cell }, config({ blocks: 3, reductions: [1, 2] }), ODD));
    await expectSame(buildPlan({ normal: cell }, config({ blocks: 2, reductions: [] }), ODD), { foldBatchNorm: false });
  });

  it.each(ANYTIME_OPERATIONS)("compute the anytime operation %s between scales", async (operation) => {
    const architecture: AnytimeArchitecture = {
      scales: 3,
      cells: [
        {
          nodes: [
            { operation: "conv3x3", inputs: [0, 1], scale: 2, exit: false },
            { operation, inputs: [0, 1, 2], scale: 0, exit: true },
            { operation, inputs: [3, 2], scale: 1, exit: true },
          ],
        },
      ],
    };
    await expectSame(buildAnytimePlan(architecture, { initialChannels: 3 }, ODD));
  });

  it.each(OPSETS)("are valid at opset %d", async (opset) => {
    const nodes = ALL_OPERATIONS.map((operation, i) => ({ operation, inputs: [i, i + 1] }));
    await expectSame(buildPlan({ normal: { nodes } }, config(), ODD), { opset });
  });

  it("take raw pixels and return probabilities if asked to", async () => {
    await expectSame(buildPlan({ normal: sampleCell(searchSpaceSchema.parse({ nodes: 5 }), Rng.fromSeed(4, "cell")) }, config(), ODD), {
      preprocessing: "raw",
    });
    const exits = sampleAnytime(anytimeSpaceSchema.parse({ nodes: [4, 3], exits: 3 }), Rng.fromSeed(2, "cells"));
    await expectSame(buildAnytimePlan(exits, { initialChannels: 4 }, ODD), { preprocessing: "raw" });
  });

  it.each(["conv3x3", "imagenet", "stride8"] as const)("have the stem %s, whose strides leave an odd pixel of padding at the end", async (stem) => {
    const cell = { nodes: [{ operation: "conv1x1" as const, inputs: [0, 1] }] };
    await expectSame(buildPlan({ normal: cell }, config({ stem, factorizedDivisor: 1 }), { ...ODD, height: 34, width: 33 }));
  });

  it("compute networks of the paper's size: 17 nodes, 18 blocks, F = 32", async () => {
    const cell = sampleCell(searchSpaceSchema.parse({ nodes: 17 }), Rng.fromSeed(9, "cell"));
    await expectSame(buildPlan({ normal: cell }, networkConfigSchema.parse({}), { height: 32, width: 32, channels: 3, classes: 10 }), {}, 2);
  });

  it("compute published cells on 224 × 224 images in the mobile setting", async () => {
    for (const id of ["darts-v2", "amoebanet-a"]) {
      const cell = publishedCells().find((published) => published.id === id);
      if (cell === undefined) throw new Error(`There is no ${id}.`);
      const { normal, reduction } = cell;
      const network = networkConfigSchema.parse({ blocks: 8, initialChannels: 16, reductions: [2, 5], stem: "stride8" });
      await expectSame(
        buildPlan({ normal, ...(reduction === undefined ? {} : { reduction }) }, network, { height: 224, width: 224, channels: 3, classes: 100 }),
        {},
        2,
      );
    }
  });

  it("compute networks with several exits, and the references", async () => {
    const input: NetworkInput = { height: 32, width: 32, channels: 3, classes: 10 };
    const cells = sampleAnytime(anytimeSpaceSchema.parse({}), Rng.fromSeed(5, "cells"));
    await expectSame(buildAnytimePlan(cells, { initialChannels: 8 }, input));
    await expectSame(
      planOfModel(msdNetSchema.parse({ kind: "msdnet", exits: 4, channels: 8, growth: 4, classifierChannels: 16 }), { initialChannels: 8 }, input),
    );
    await expectSame(planOfModel(resNetSchema.parse({ kind: "resnet", blocks: 3, exitsAfter: [2], classifierChannels: 16 }), { initialChannels: 8 }, input));
  });
});

describe("ONNX files", () => {
  const plan = buildPlan({ normal: { nodes: [{ operation: "sepConv3x3", inputs: [0, 1] }] } }, config(), ODD);

  it("name opset, producer, inputs and outputs, and where the network comes from", () => {
    const { network } = randomNetwork(backend, plan);
    const model = decodeModel(onnxModel(network, { ...STANDARD, opset: 13 }, FACTS));
    expect(model).toMatchObject({ ir_version: 7, producer_name: "GHN Studio", producer_version: "0", opset_import: [{ version: 13 }] });
    expect(model.metadata_props).toEqual([
      { key: "run", value: "abc" },
      { key: "classNames", value: '["a"]' },
    ]);
    const [input] = model.graph.input;
    expect(input?.name).toBe("images");
    expect(input?.type.tensor_type.shape.dim).toEqual([{ dim_param: "batch" }, { dim_value: 2 }, { dim_value: 7 }, { dim_value: 10 }]);
    expect(model.graph.output.map(({ name }) => name)).toEqual(["logits"]);
  });

  it("have batch norm as nodes only if it is not folded, and no auxiliary head", () => {
    const { network } = randomNetwork(backend, plan);
    const types = (foldBatchNorm: boolean): string[] =>
      decodeModel(onnxModel(network, { ...STANDARD, foldBatchNorm }, FACTS)).graph.node.map(({ op_type }) => op_type);
    expect(types(true)).not.toContain("BatchNormalization");
    expect(types(false).filter((type) => type === "BatchNormalization")).toHaveLength(plan.program.norms.length);
    expect(types(true).filter((type) => type === "Gemm")).toHaveLength(1);
    const names = decodeModel(onnxModel(network, STANDARD, FACTS)).graph.initializer.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("auxiliary"))).toEqual([]);
  });
});

function softmax(logits: Float32Array, classes: number): Float32Array {
  const result = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const own = logits.subarray(row, row + classes);
    const most = Math.max(...own);
    const sum = own.reduce((total, value) => total + Math.exp(value - most), 0);
    own.forEach((value, i) => {
      result[row + i] = Math.exp(value - most) / sum;
    });
  }
  return result;
}
