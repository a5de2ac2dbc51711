import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../src-main/engine/backend/index.ts";
import { countCorrect, lossAndGradients } from "../../../src-main/engine/backend/ops/gradients.ts";
import { type Tensor4D, tf } from "../../../src-main/engine/backend/ops/tf.ts";
import { generatorOptimizer } from "../../../src-main/engine/baselines/generator-optimizer.ts";
import { Supernet } from "../../../src-main/engine/baselines/one-shot-supernet.ts";
import { forward } from "../../../src-main/engine/network/forward.ts";
import { TensorWeights, VariableWeights } from "../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../../../src-main/engine/spaces/cell/sampler.ts";
import { SPACES } from "../../../src-main/engine/spaces/index.ts";
import { networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";
import { ghnConfigSchema } from "../../../src-shared/domain/config/run-config.ts";

const input = { height: 8, width: 8, channels: 3, classes: 4 };
const network = networkConfigSchema.parse({ blocks: 3, initialChannels: 4, reductions: [2] });
const space = searchSpaceSchema.parse({ nodes: 4 });

function supernetOf(held: typeof space, nodes: number, seed = 1): Supernet {
  const ghn = ghnConfigSchema.parse({ generator: "one-shot" });
  const covering = SPACES.cell.ghn.fixedSize?.covering({ ghn, network, input, space: { ...held, nodes } }) ?? [];
  return new Supernet(covering, Rng.fromSeed(seed, "init"));
}

let backend: Backend;
let images: Tensor4D;

beforeAll(async () => {
  backend = await initBackend();
  const rng = Rng.fromSeed(1, "images");
  images = tf.tensor4d(
    Float32Array.from({ length: 4 * 8 * 8 * 3 }, () => rng.normal()),
    [4, 8, 8, 3],
  );
});

describe("one-shot supernet", () => {
  it("has a weight of the right shape for every slot of every cell", () => {
    const supernet = supernetOf(space, 4, 1);
    const rng = Rng.fromSeed(2, "cells");
    for (let i = 0; i < 50; i++) {
      const plan = buildPlan({ normal: sampleCell(space, rng, 1 + rng.int(4)) }, network, input);
      tf.tidy(() => {
        const [weights] = supernet.generate([plan]);
        for (const slot of plan.slots) expect(weights?.get(slot.id)?.shape, slot.id).toEqual(slot.shape);
      });
    }
    supernet.dispose();
  });

  it("computes the same as a separate network with the same weights", () => {
    const supernet = supernetOf(space, 4, 1);
    const rng = Rng.fromSeed(3, "cells");
    for (let i = 0; i < 5; i++) {
      const plan = buildPlan({ normal: sampleCell(space, rng) }, network, input);
      const own = new VariableWeights(plan, Rng.fromSeed(i, "other"));
      const [a, b] = tf.tidy(() => {
        const [weights] = supernet.generate([plan]);
        if (weights === undefined) throw new Error("No weights.");
        own.import(Object.fromEntries([...weights].map(([id, tensor]) => [id, { shape: [...tensor.shape], values: Float32Array.from(tensor.dataSync()) }])));
        const shared = forward(plan, backend.ops, new TensorWeights(weights), images, { statistics: "batch" }).logits.dataSync();
        return [shared, forward(plan, backend.ops, own, images, { statistics: "batch" }).logits.dataSync()];
      });
      own.dispose();
      // The same kernels on the same numbers: the same bits.
      expect(Array.from(a ?? [])).toEqual(Array.from(b ?? []));
    }
    supernet.dispose();
  });

  it("gives gradients only to the operations that a cell uses", () => {
    const supernet = supernetOf(space, 4, 1);
    const cell = {
      nodes: [
        { operation: "conv1x1" as const, inputs: [0] },
        { operation: "sepConv3x3" as const, inputs: [1, 2] },
      ],
    };
    const plan = buildPlan({ normal: cell }, network, input);
    const labels = tf.tensor1d([0, 1, 2, 3], "int32");
    const used = tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const [weights] = supernet.generate([plan]);
        return backend.ops
          .softmaxCrossEntropy(forward(plan, backend.ops, new TensorWeights(weights ?? new Map()), images, { statistics: "batch" }).logits, labels)
          .mean()
          .asScalar();
      }, [...supernet.variables]);
      return Object.entries(grads).flatMap(([name, gradient]) => ((gradient.abs().max().dataSync()[0] ?? 0) > 0 ? [name] : []));
    });
    expect(used.some((name) => name.includes("node2/conv@conv1x1"))).toBe(true);
    expect(used.some((name) => name.includes("@sepConv3x3"))).toBe(true);
    expect(used.filter((name) => name.includes("@sepConv5x5") || name.includes("node4"))).toEqual([]);
    labels.dispose();
    supernet.dispose();
  });

  it("is trained by SGD that moves only the weights of the sampled cell", () => {
    const supernet = supernetOf(space, 4, 1);
    const optimizer = generatorOptimizer(backend, { generator: "one-shot" }, supernet, 5);
    const labels = tf.tensor1d([0, 1, 2, 3], "int32");
    const step = (operation: "conv1x1" | "sepConv3x3"): void => {
      const plan = buildPlan({ normal: { nodes: [{ operation, inputs: [0, 1] }] } }, network, input);
      const { value, grads, correct } = lossAndGradients(supernet.variables, () => {
        const [weights = new Map()] = supernet.generate([plan]);
        const { logits } = forward(plan, backend.ops, new TensorWeights(weights), images, { statistics: "batch" });
        return { loss: backend.ops.softmaxCrossEntropy(logits, labels).mean().asScalar(), correct: countCorrect(logits, labels) };
      });
      expect(optimizer.apply(grads, 0.05).applied).toBe(true);
      tf.dispose([value, correct]);
      tf.dispose(grads);
    };
    const moved = (of: () => void): string[] => {
      const before = supernet.exportWeights();
      of();
      const after = supernet.exportWeights();
      return Object.keys(after).filter((key) => JSON.stringify(after[key]?.values) !== JSON.stringify(before[key]?.values));
    };
    const first = moved(() => step("conv1x1"));
    const second = moved(() => step("sepConv3x3"));
    expect(first.some((key) => key.endsWith("node2/conv@conv1x1"))).toBe(true);
    expect(first.filter((key) => key.includes("@sepConv"))).toEqual([]);
    // Weights of the first cell have momentum, but no gradient in the second step.
    expect(second.some((key) => key.includes("@sepConv3x3"))).toBe(true);
    expect(second.filter((key) => key.includes("@conv1x1"))).toEqual([]);
    labels.dispose();
    optimizer.dispose();
    supernet.dispose();
  });

  it("grows with the number of operations and of nodes, as O(K N)", () => {
    const count = (operations: readonly string[], nodes: number): number => {
      const supernet = supernetOf(searchSpaceSchema.parse({ operations, nodes }), nodes);
      const { parameterCount } = supernet;
      supernet.dispose();
      return parameterCount;
    };
    const one = count(["conv1x1"], 4);
    const two = count(["conv1x1", "sepConv3x3"], 4);
    expect(two).toBeGreaterThan(one * 1.3);
    expect(count(["conv1x1", "sepConv3x3"], 8)).toBeGreaterThan(two * 1.8);
  });

  it("exports and imports its weights and leaves no tensor behind", () => {
    const before = tf.memory().numTensors;
    const supernet = supernetOf(space, 3, 1);
    const saved = supernet.exportWeights();
    supernet.dispose();
    const other = supernetOf(space, 3, 2);
    other.importWeights(saved);
    expect(other.exportWeights()).toEqual(saved);
    other.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
