import { beforeAll, describe, expect, it } from "vitest";
import { initBackend, tf } from "../../../../src-main/engine/backend/index.ts";
import { VariableWeights } from "../../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import { describeArchitecture } from "../../../../src-main/engine/spaces/cell/describe.ts";
import { buildPlan } from "../../../../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../../../../src-main/engine/spaces/cell/sampler.ts";
import { networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";
import { anyArchitecture, config, TINY, tinyImages } from "../../network/support/networks.ts";
import { computeSlowly } from "../../network/support/reference-network.ts";

const CIFAR10 = { height: 32, width: 32, channels: 3, classes: 10 };

beforeAll(async () => {
  await initBackend({ prefer: "wasm" });
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

describe("counts of networks", () => {
  // Table 1 of the paper says 4.6 ± 0.6 million for random networks; a simple count over 300 random cells gives 4.68 ± 0.62.
  it("are those of the paper for random cells at its own size", () => {
    const rng = Rng.fromSeed(1, "calibration");
    const space = searchSpaceSchema.parse({});
    const counts = (network = networkConfigSchema.parse({})) =>
      Array.from({ length: 300 }, () => buildPlan({ normal: sampleCell(space, rng) }, network, CIFAR10).counts.parameters / 1e6);
    const paper = counts();
    expect(Math.abs(mean(paper) - 4.68)).toBeLessThan(0.1);
    expect(Math.abs(deviation(paper) - 0.62)).toBeLessThan(0.15);
    const once = counts(networkConfigSchema.parse({ separableRepeats: 1 }));
    expect(Math.abs(mean(once) - 3.5)).toBeLessThan(0.1);
    expect(Math.abs(deviation(once) - 0.4)).toBeLessThan(0.15);
  });

  it("include the auxiliary head where it is placed", () => {
    const architecture = { normal: sampleCell(searchSpaceSchema.parse({}), Rng.fromSeed(1, "auxiliary")) };
    const inputsAt = (auxiliaryAfter?: number): number => {
      const network = networkConfigSchema.parse({
        blocks: 14,
        reductions: [0, 1, 5, 9],
        initialChannels: 4,
        ...(auxiliaryAfter === undefined ? {} : { auxiliaryAfter }),
      });
      return buildPlan(architecture, network, CIFAR10).auxiliarySlots.find(({ id }) => id.endsWith("squeeze/conv"))?.shape[2] ?? 0;
    };
    // By default it reads block 9 (from 0), the last that reduces; the block before has half of its channels.
    expect(inputsAt()).toBe(inputsAt(10));
    expect(inputsAt(10)).toBe(2 * inputsAt(9));
    expect(inputsAt(14)).toBe(inputsAt(10));
    expect(inputsAt(1)).toBe(inputsAt(10) / 8);
  });

  it("are those of the variables, and of a slow computation that counts what it does", () => {
    const rng = Rng.fromSeed(2, "counts");
    for (let i = 0; i < 40; i++) {
      const architecture = anyArchitecture(rng, 1 + rng.int(8));
      const network = config({
        blocks: 1 + rng.int(4),
        initialChannels: 4 + rng.int(3),
        reductions: rng.choice([[], [0], [1], [1, 2], [0, 2], [1, 1, 3]]),
        stem: rng.choice(["conv3x3", "imagenet", "stride8"]),
        stemMultiplier: 1 + rng.int(2),
        separableRepeats: 1 + rng.int(2),
        factorizedDivisor: 1 + rng.int(4),
      });
      const plan = buildPlan(architecture, network, TINY);
      const slow = computeSlowly(architecture, network, TINY, tinyImages(1));
      expect(plan.counts).toEqual({ parameters: slow.parameters, multiplyAdds: slow.multiplyAdds });
      const weights = new VariableWeights(plan, rng);
      expect(weights.entries().reduce((sum, { variable }) => sum + variable.size, 0)).toBe(plan.counts.parameters);
      weights.dispose();
    }
    expect(tf.memory().numTensors).toBe(0);
  });

  it("of all nodes sum up to those of the network", () => {
    const rng = Rng.fromSeed(3, "counts");
    for (let i = 0; i < 20; i++) {
      const architecture = anyArchitecture(rng, 5);
      const description = describeArchitecture(architecture, config({ blocks: 3 }), TINY);
      expect(description.nodes.reduce((sum, node) => sum + node.parameters, 0)).toBe(description.parameters);
      expect(description.nodes.reduce((sum, node) => sum + node.multiplyAdds, 0)).toBe(description.multiplyAdds);
      expect(description.nodes).toHaveLength(2 + 3 * 7);
      expect(description.nodes.map(({ block, node }) => `${block}/${node}`)).toEqual([
        "0/-1",
        ...[0, 1, 2].flatMap((block) => [0, 1, 2, 3, 4, 5, 6].map((node) => `${block}/${node}`)),
        "2/-2",
      ]);
    }
  });

  it("says the shape of every node", () => {
    const { nodes } = describeArchitecture({ normal: { nodes: [{ operation: "sepConv3x3", inputs: [0, 1] }] } }, config({ stem: "imagenet" }), {
      height: 9,
      width: 12,
      channels: 3,
      classes: 7,
    });
    expect(nodes.map(({ operation, shape }) => [operation, ...shape])).toEqual([
      ["stem", 5, 6, 4],
      ["input0", 5, 6, 4],
      ["input1", 5, 6, 4],
      ["sepConv3x3", 5, 6, 4],
      ["input0", 3, 3, 8],
      ["input1", 3, 3, 8],
      ["sepConv3x3", 3, 3, 8],
      ["classifier", 1, 1, 7],
    ]);
  });
});

describe("plans", () => {
  it("take a few milliseconds at the paper's size", () => {
    const rng = Rng.fromSeed(4, "plans");
    const network = networkConfigSchema.parse({});
    const times = Array.from({ length: 30 }, () => {
      const cell = sampleCell(searchSpaceSchema.parse({}), rng);
      const start = performance.now();
      buildPlan({ normal: cell }, network, CIFAR10);
      return performance.now() - start;
    }).sort((a, b) => a - b);
    expect(times[15]).toBeLessThan(25);
  });

  it("name every parameter once, with its shape, fan-in and owner", () => {
    const plan = buildPlan(
      {
        normal: {
          nodes: [
            { operation: "sepConv5x5", inputs: [0, 1] },
            { operation: "maxPool3x3", inputs: [1] },
          ],
        },
      },
      config({ blocks: 3, reductions: [1, 2] }),
      TINY,
    );
    expect(new Set([...plan.slots, ...plan.auxiliarySlots].map(({ id }) => id)).size).toBe(plan.slots.length + plan.auxiliarySlots.length);
    const slot = (id: string) => plan.slots.find((each) => each.id === id);
    expect(plan.slots[0]).toEqual({ id: "stem/conv", role: "stem", shape: [3, 3, 2, 4], fanIn: 18, owner: { block: 0, node: 4 } });
    expect(slot("block1/node2/sep0/depthwise")).toEqual({
      id: "block1/node2/sep0/depthwise",
      role: "depthwise",
      shape: [5, 5, 8, 1],
      fanIn: 25,
      owner: { block: 1, node: 2 },
    });
    expect(slot("block2/input1/conv")).toEqual({
      id: "block2/input1/conv",
      role: "bottleneck",
      shape: [1, 1, 8, 16],
      fanIn: 8,
      owner: { block: 2, node: 1 },
      parts: [
        { source: { block: 0, node: 2 }, channels: 4 },
        { source: { block: 0, node: 3 }, channels: 4 },
      ],
    });
    expect(slot("block1/input1/conv")?.parts).toEqual([{ source: { block: 0, node: 4 }, channels: 4 }]);
    expect(slot("classifier/weight")).toMatchObject({
      role: "classifier",
      shape: [32, 3],
      fanIn: 32,
      owner: { block: 2, node: 4 },
      parts: [{ channels: 16 }, { source: { block: 2, node: 3 }, channels: 16 }],
    });
  });

  it("describe the graph: stem first, input nodes, operations, classifier last", () => {
    const cell = {
      nodes: [
        { operation: "identity" as const, inputs: [0, 1] },
        { operation: "conv1x1" as const, inputs: [0] },
      ],
    };
    const { blocks } = buildPlan({ normal: cell }, config({ blocks: 3 }), TINY).graph;
    expect(blocks.map(({ nodes }) => nodes.map(({ type }) => type))).toEqual([
      ["input0", "input1", "identity", "conv1x1", "stem"],
      ["input0", "input1", "identity", "conv1x1"],
      ["input0", "input1", "identity", "conv1x1", "classifier"],
    ]);
    expect(blocks.map(({ nodes }) => nodes.map(({ inputs }) => inputs))).toEqual([
      [[4], [4], [0, 1], [0], []],
      [[], [], [0, 1], [0]],
      [[], [], [0, 1], [0], [2, 3]],
    ]);
    for (const { nodes, order } of blocks) {
      expect([...order].sort((a, b) => a - b)).toEqual(nodes.map((_, i) => i));
      for (const [i, { inputs }] of nodes.entries()) for (const input of inputs) expect(order.indexOf(input)).toBeLessThan(order.indexOf(i));
    }
    const single = buildPlan({ normal: cell }, config({ blocks: 1, reductions: [] }), TINY).graph.blocks[0];
    expect(single?.nodes.map(({ type }) => type)).toEqual(["input0", "input1", "identity", "conv1x1", "stem", "classifier"]);
  });

  it("leave out nodes, input nodes and blocks that the logits do not depend on", () => {
    // Every block reads only the block before the previous one: of four blocks, 3 and 1 matter.
    const skipping = {
      nodes: [
        { operation: "conv1x1" as const, inputs: [1] },
        { operation: "conv1x1" as const, inputs: [0] },
      ],
      output: [2],
    };
    const plan = buildPlan({ normal: skipping }, config({ blocks: 4 }), TINY);
    expect([...new Set(plan.slots.map(({ id }) => id.split("/").slice(0, 2).join("/")))]).toEqual([
      "stem/conv",
      "stem/scale",
      "stem/shift",
      "block1/input1",
      "block1/node2",
      "block3/input1",
      "block3/node2",
      "classifier/weight",
      "classifier/bias",
    ]);
  });
});
