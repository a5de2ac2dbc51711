import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../../src-main/engine/backend/index.ts";
import { type Scalar, type Tensor, type Tensor1D, type Tensor4D, tf } from "../../../../src-main/engine/backend/ops/tf.ts";
import type { GraphHyperNetwork } from "../../../../src-main/engine/ghn/graph-hypernetwork.ts";
import { forward } from "../../../../src-main/engine/network/forward.ts";
import type { NetworkPlan } from "../../../../src-main/engine/network/plan-types.ts";
import type { BuiltPlan } from "../../../../src-main/engine/network/program.ts";
import { TensorWeights } from "../../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import type { NetworkConfig } from "../../../../src-shared/domain/architecture/network.ts";
import type { GhnConfig } from "../../../../src-shared/domain/config/run-config.ts";
import { createSmall, everyOperation, INPUT, networkConfig, planOf, randomCell } from "./small.ts";

/** Generated values by slot id. */
function values(ghn: GraphHyperNetwork, plans: readonly NetworkPlan[]): Map<string, Float32Array>[] {
  const generated = ghn.generate(plans);
  const result = generated.map((weights) => new Map([...weights].map(([id, weight]) => [id, Float32Array.from(weight.dataSync())])));
  for (const weights of generated) tf.dispose([...weights.values()]);
  return result;
}

function withGhn<T>(ghn: GraphHyperNetwork, use: (ghn: GraphHyperNetwork) => T): T {
  try {
    return use(ghn);
  } finally {
    ghn.dispose();
  }
}

function checkShapes(ghn: GraphHyperNetwork, plan: NetworkPlan): void {
  tf.tidy(() => {
    const [weights] = ghn.generate([plan]);
    expect([...(weights?.keys() ?? [])].sort()).toEqual(plan.slots.map((slot) => slot.id).sort());
    for (const slot of plan.slots) expect(weights?.get(slot.id)?.shape, slot.id).toEqual([...slot.shape]);
    const sums = [...(weights?.values() ?? [])].map((weight) => weight.sum().asScalar());
    expect(Number.isFinite(tf.addN(sums).dataSync()[0])).toBe(true);
  });
}

/** Cross-entropy of a generated network on fixed random images. */
function lossOf(backend: Backend, ghn: GraphHyperNetwork, plans: readonly BuiltPlan[], images: Tensor4D, labels: Tensor1D): Scalar {
  const losses = ghn.generate(plans).map((weights, i) => {
    const plan = plans[i];
    if (plan === undefined) throw new Error("More networks than plans.");
    return backend.ops.softmaxCrossEntropy(forward(plan, backend.ops, new TensorWeights(weights), images, { statistics: "batch" }).logits, labels).mean();
  });
  return tf.addN(losses as Tensor[]).asScalar();
}

/** Noise with a bright row whose position is the class. */
function batch(count: number): { images: Tensor4D; labels: Tensor1D } {
  const rng = Rng.fromSeed(1, "images");
  const { height, width, channels, classes } = INPUT;
  const labels = Array.from({ length: count }, (_, i) => i % classes);
  const pixels = labels.flatMap((label) =>
    Array.from({ length: height * width * channels }, (_, i) => rng.normal() + (Math.floor(i / width) === 2 * label + 1 ? 3 : 0)),
  );
  return { images: tf.tensor4d(pixels, [count, height, width, channels]), labels: tf.tensor1d(labels, "int32") };
}

export function describeGhn(prefer: "wasm" | "tensorflow"): void {
  let backend: Backend;
  beforeAll(async () => {
    backend = await initBackend({ prefer });
  });

  describe("generated weights", () => {
    it("have the shape of every slot, for all operations, larger cells, reduction cells and wide stems", () => {
      withGhn(createSmall(), (ghn) => {
        checkShapes(ghn, planOf(everyOperation()));
        checkShapes(ghn, planOf(randomCell("a", 7)));
        checkShapes(ghn, planOf(randomCell("b", 17)));
        checkShapes(ghn, planOf(randomCell("c", 5), networkConfig(), randomCell("d", 6)));
      });
      const wide = networkConfig({ stemMultiplier: 5, stem: "imagenet", factorizedDivisor: 1, separableRepeats: 3, reductions: [0, 2] });
      withGhn(createSmall({}, wide), (ghn) => checkShapes(ghn, planOf(everyOperation(), wide)));
      const deep = networkConfig({ stemMultiplier: 5, stem: "stride8", reductions: [1] });
      withGhn(createSmall({}, deep), (ghn) => checkShapes(ghn, planOf(everyOperation(), deep)));
      for (const network of [networkConfig(), wide, deep])
        withGhn(createSmall({ sharing: "none" }, network), (ghn) => {
          checkShapes(ghn, planOf(everyOperation(), network));
          checkShapes(ghn, planOf(randomCell("c", 5), network, randomCell("d", 6)));
        });
    });

    it.each([
      ["synchronous", { propagation: "synchronous" }],
      ["without steps", { propagationSteps: 0 }],
      ["with a GNN for every block", { sharing: "gnn" }],
      ["with a GHN for every block", { sharing: "none" }],
      ["without the image scale", { scaleFeature: false }],
      ["without passing", { passEmbedding: false }],
      ["without fan-in normalisation", { fanInNormalisation: false }],
    ] as const)("work %s, with different values", (_, settings) => {
      const plan = planOf(randomCell("a", 5));
      const usual = withGhn(createSmall(), (ghn) => values(ghn, [plan]));
      withGhn(createSmall(settings), (ghn) => {
        checkShapes(ghn, plan);
        expect(values(ghn, [plan])).not.toEqual(usual);
      });
    });

    it("are equal for equal seeds and different for different seeds", () => {
      const plan = planOf(randomCell("a", 5));
      const of = (seed: number) => withGhn(createSmall({}, networkConfig(), seed), (ghn) => values(ghn, [plan]));
      expect(of(1)).toEqual(of(1));
      expect(of(1)).not.toEqual(of(2));
    });

    it("are the same for a cell of a batch as for the cell alone", () => {
      withGhn(createSmall(), (ghn) => {
        const plans = [planOf(randomCell("a", 5)), planOf(randomCell("b", 9)), planOf(everyOperation(), networkConfig(), randomCell("d", 3))];
        const together = values(ghn, plans);
        plans.forEach((plan, i) => {
          const [alone] = values(ghn, [plan]);
          expect(together[i]?.size).toBe(alone?.size);
          for (const [id, weight] of alone ?? []) {
            const other = together[i]?.get(id) ?? new Float32Array(0);
            expect(
              weight.reduce((most, value, k) => Math.max(most, Math.abs(value - (other[k] ?? Number.NaN))), 0),
              id,
            ).toBeLessThan(1e-5);
          }
        });
      });
    });

    it("differ between slots of one node, between nodes and between blocks", () => {
      withGhn(createSmall(), (ghn) => {
        const node = { operation: "sepConv3x3" as const, inputs: [0, 1] };
        const other = { operation: "sepConv5x5" as const, inputs: [0, 1] };
        const [weights] = values(ghn, [planOf({ nodes: [node, other] }, networkConfig({ reductions: [] }))]);
        const at = (id: string): number[] => [...(weights?.get(id) ?? [])];
        const first = at("block0/node2/sep0/pointwise");
        expect(first.length).toBe(16);
        for (const id of ["block0/node2/sep1/pointwise", "block0/node3/sep0/pointwise", "block1/node2/sep0/pointwise"]) {
          const distance = Math.sqrt(
            at(id).reduce((sum, value, i) => sum + (value - (first[i] ?? 0)) ** 2, 0) / first.reduce((sum, value) => sum + value ** 2, 0),
          );
          expect(distance, id).toBeGreaterThan(0.01);
        }
      });
    });

    it("depend on the rest of the graph", () => {
      withGhn(createSmall(), (ghn) => {
        const cell = (operation: "conv1x1" | "avgPool3x3") => ({
          nodes: [
            { operation: "sepConv3x3" as const, inputs: [0] },
            { operation, inputs: [1, 2] },
          ],
        });
        const of = (operation: "conv1x1" | "avgPool3x3") => values(ghn, [planOf(cell(operation))])[0]?.get("block1/node2/sep0/depthwise");
        expect(of("conv1x1")).not.toEqual(of("avgPool3x3"));
      });
    });

    it("are cut from the centre of larger kernels and from the first channels", () => {
      withGhn(createSmall(), (ghn) => {
        // All weights are zero except the biases, which number their own positions, so each value shows where it was cut from.
        const arrays = Object.entries(ghn.exportWeights()).map(([name, { shape, values: old }]) => {
          const places = old.map((_, i) =>
            name.startsWith("decoder/") && i >= old.length - old.length / (shape[0] ?? 1) ? i - (old.length - old.length / (shape[0] ?? 1)) : 0,
          );
          return [name, { shape, values: places }] as const;
        });
        ghn.importWeights(
          Object.fromEntries(
            arrays.map(([name, array]) => [name, name === "decoder/embedding" || name === "decoder/slot" ? { ...array, values: array.values.fill(0) } : array]),
          ),
        );
        const operations = ["sepConv3x3", "sepConv7x7", "conv1x3-3x1"] as const;
        const plan = planOf({ nodes: operations.map((operation) => ({ operation, inputs: [0] })) });
        const [weights] = values(ghn, [plan]);
        const places = (id: string, scale: number): number[] => Array.from(weights?.get(id) ?? [], (value) => Math.round(value / scale));
        const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
        // 16 channels at most, 4 and 8 in the first two blocks; the 1×k pair works on a quarter of them.
        const kernel = (size: number, first: number, channels: number): number[] =>
          range(first, first + size).flatMap((y) => range(first, first + size).flatMap((x) => range(0, channels).map((c) => (7 * y + x) * 16 + c)));
        expect(places("block0/node2/sep0/depthwise", 1 / 3)).toEqual(kernel(3, 2, 4));
        expect(places("block1/node3/sep1/depthwise", 1 / 7)).toEqual(kernel(7, 0, 8));
        expect(places("block1/node4/conv1x3", Math.sqrt(1 / 6))).toEqual(
          range(2, 5).flatMap((k) => range(0, 2).flatMap((i) => range(0, 2).map((o) => k * 16 + i * 4 + o))),
        );
        expect(places("block1/node2/sep0/pointwise", Math.sqrt(2 / 8))).toEqual(range(0, 8).flatMap((i) => range(0, 8).map((o) => 16 * i + o)));
        // A concatenation of three sources: the same part three times, because only the biases are not zero.
        const bottleneck = range(0, 4).flatMap((i) => range(0, 8).map((o) => 16 * i + o));
        expect(places("block1/input0/conv", Math.sqrt(2 / 12))).toEqual([...bottleneck, ...bottleneck, ...bottleneck]);
      });
    });

    it("start at the scale that fan-in normalisation is meant to give", () => {
      // The paper's sizes, large enough for averages to be stable.
      const network = networkConfig({ initialChannels: 16 });
      const config = { hiddenSize: 32, messageHiddenSize: 32, decoderHiddenSize: 64, propagationSteps: 5 };
      withGhn(createSmall(config, network), (ghn) => {
        const plan = planOf(randomCell("a", 9), network);
        const [weights] = values(ghn, [plan]);
        for (const role of ["bottleneck", "pointwise", "depthwise"] as const) {
          const squares = plan.slots
            .filter((slot) => slot.role === role)
            .map((slot) => {
              const w = weights?.get(slot.id) ?? new Float32Array(0);
              return (w.reduce((sum, value) => sum + value * value, 0) / w.length) * (slot.fanIn / (role === "depthwise" ? 1 : 2));
            });
          const rms = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length);
          expect(rms, role).toBeGreaterThan(0.6);
          expect(rms, role).toBeLessThan(1.6);
        }
      });
    });
  });

  describe("the image scale", () => {
    // Without message passing, nodes of one operation differ only by what else H sees. Weights of narrower blocks are the first channels of wider ones.
    const depthwise = (scaleFeature: boolean): { narrow: number[]; wide: number[] } =>
      withGhn(createSmall({ propagationSteps: 0, scaleFeature }), (ghn) => {
        const [weights] = values(ghn, [planOf({ nodes: [{ operation: "sepConv3x3", inputs: [0, 1] }] })]);
        const at = (block: number): number[] => [...(weights?.get(`block${block}/node2/sep0/depthwise`) ?? [])];
        return { narrow: at(0), wide: at(2).filter((_, i) => i % 16 < 4) };
      });

    it("distinguishes blocks of different depth", () => {
      const { narrow, wide } = depthwise(true);
      expect(wide).toHaveLength(narrow.length);
      expect(wide).not.toEqual(narrow);
    });

    it("is not seen with scaleFeature off", () => {
      const { narrow, wide } = depthwise(false);
      expect(narrow.length).toBeGreaterThan(0);
      for (const [i, value] of narrow.entries()) expect(wide[i]).toBeCloseTo(value, 6);
    });

    it("does not change the scale of initial weights", () => {
      const variance = (scaleFeature: boolean): number => {
        const network = networkConfig({ initialChannels: 16 });
        return withGhn(createSmall({ hiddenSize: 32, decoderHiddenSize: 64, scaleFeature }, network), (ghn) => {
          const weights = values(ghn, [planOf(randomCell("a", 9), network)])[0]?.get("block0/input0/conv") ?? new Float32Array(0);
          return weights.reduce((sum, value) => sum + value ** 2, 0) / weights.length;
        });
      };
      expect(variance(false) / variance(true)).toBeGreaterThan(0.6);
      expect(variance(false) / variance(true)).toBeLessThan(1.6);
    });
  });

  describe("a GHN for every block", () => {
    const network = networkConfig({ blocks: 4, reductions: [1, 3] });
    /** Parameters of a block's own GHN: tensors of its own, or its part of a tensor with one part for each block. */
    const normOf = (name: string, gradient: Tensor, block: number): number => {
      const own = /^ghn\d*\/block(\d+)\//.exec(name)?.[1];
      if (own !== undefined) return Number(own) === block ? (gradient.norm().dataSync()[0] ?? Number.NaN) : 0;
      return (
        tf
          .slice(gradient, [block, ...gradient.shape.slice(1).map(() => 0)], [1, ...gradient.shape.slice(1)])
          .norm()
          .dataSync()[0] ?? Number.NaN
      );
    };
    /** Norm of the gradient of one block's weights with respect to the GHN of each block. */
    const dependencies = (settings: Partial<GhnConfig>, of: number): number[] =>
      withGhn(createSmall({ sharing: "none", ...settings }, network), (ghn) =>
        tf.tidy(() => {
          const plan = planOf(randomCell("a", 6), network);
          const { grads } = tf.variableGrads(() => {
            const [weights] = ghn.generate([plan]);
            const own = plan.slots.filter(({ owner }) => owner.block === of).map(({ id }) => weights?.get(id));
            return tf.addN(own.flatMap((weight) => (weight === undefined ? [] : [tf.sum(tf.cos(weight)) as Tensor]))).asScalar();
          }, [...ghn.variables]);
          return [0, 1, 2, 3].map((block) => Object.entries(grads).reduce((sum, [name, gradient]) => sum + normOf(name, gradient, block), 0));
        }),
      );

    it("predicts one block independently of the others when nothing is passed", () => {
      for (const of of [0, 1, 2, 3]) {
        const norms = dependencies({ passEmbedding: false }, of);
        expect(norms.map((norm) => norm > 0)).toEqual([0, 1, 2, 3].map((block) => block === of));
      }
    });

    it("hears of earlier blocks only by the passed embedding", () => {
      expect(dependencies({ passEmbedding: true }, 2).map((norm) => norm > 0)).toEqual([true, true, true, false]);
    });

    it("is no larger than its block requires", () => {
      const shapes = withGhn(createSmall({ sharing: "none" }, network), (ghn) =>
        Object.fromEntries(Object.entries(ghn.exportWeights()).map(([name, { shape }]) => [name, shape])),
      );
      expect(shapes["embedding"]?.[0]).toBe(4);
      expect([0, 1, 2, 3].map((block) => shapes[`block${block}/decoder/pointwise`])).toEqual([
        [9, 4, 4],
        [9, 8, 8],
        [9, 8, 8],
        [9, 16, 16],
      ]);
      const holders = (head: string): number[] => [0, 1, 2, 3].filter((block) => shapes[`block${block}/decoder/${head}`] !== undefined);
      expect([holders("stem"), holders("classifier"), holders("bias")]).toEqual([[0], [3], [3]]);
      expect(Object.keys(shapes).filter((name) => name.startsWith("decoder/"))).toEqual([]);
    });
  });

  describe("learning", () => {
    it.each<[string, Partial<GhnConfig>, Partial<NetworkConfig>]>([
      ["all parameters shared", {}, {}],
      ["a GNN for every block, without the image scale", { sharing: "gnn", scaleFeature: false }, {}],
      ["a GHN for every block", { sharing: "none" }, {}],
      ["a GHN for every block, nothing passed, no image scale", { sharing: "none", passEmbedding: false, scaleFeature: false }, {}],
      [
        "a GHN for every block, odd shapes",
        { sharing: "none", hiddenSize: 5, decoderHiddenSize: 7 },
        { blocks: 3, initialChannels: 5, stemMultiplier: 3, factorizedDivisor: 3 },
      ],
      [
        "a GHN for every block, three-convolution stem",
        { sharing: "none", propagation: "synchronous" },
        { initialChannels: 7, stemMultiplier: 2, stem: "stride8", reductions: [] },
      ],
    ])("has gradients that agree with finite differences, for every parameter: %s", (_, settings, shapes) => {
      const network = networkConfig({ blocks: 2, reductions: [1], ...shapes });
      withGhn(createSmall(settings, network), (ghn) => {
        const plans = [planOf(everyOperation(), network), planOf(randomCell("a", 3), network)];
        const { images, labels } = batch(6);
        // A smooth function of the weights: the network itself has kinks (ReLU, max pooling) that spoil finite differences in float32.
        const loss = (): Scalar =>
          tf
            .addN(
              ghn
                .generate(plans)
                .flatMap((weights) => [...weights.values()].map((weight, i) => tf.sum(tf.mul(weight, tf.cos(tf.add(tf.mul(weight, 2), i)))) as Tensor)),
            )
            .asScalar();
        const { value, grads } = tf.variableGrads(loss, [...ghn.variables]);
        const rng = Rng.fromSeed(1, "directions");
        for (const variable of ghn.variables) {
          const gradient = grads[variable.name]?.dataSync() ?? new Float32Array(variable.size);
          const norm = Math.sqrt(Array.from(gradient).reduce((sum, one) => sum + one * one, 0));
          expect(norm, variable.name).toBeGreaterThan(0);
          const direction = Float32Array.from(gradient, () => rng.normal() / Math.sqrt(variable.size));
          const at = (by: number): number =>
            tf.tidy(() => {
              const before = variable.clone();
              variable.assign(tf.add(variable, tf.mul(tf.tensor(direction.slice(), variable.shape), by)));
              const moved = loss().dataSync()[0] ?? Number.NaN;
              variable.assign(before);
              return moved;
            });
          const step = 0.02;
          const difference = (at(step) - at(-step)) / (2 * step);
          const product = Array.from(gradient).reduce((sum, one, i) => sum + one * (direction[i] ?? 0), 0);
          expect(Math.abs(difference - product), variable.name).toBeLessThan(0.05 * Math.max(norm, 0.1));
        }
        tf.dispose([value, images, labels]);
        tf.dispose(grads);
      });
    });

    it("lowers the loss of generated networks and leaves no tensor behind", () => {
      const network = networkConfig({ blocks: 2, reductions: [1] });
      withGhn(createSmall({ hiddenSize: 16, messageHiddenSize: 16, decoderHiddenSize: 32 }, network), (ghn) => {
        const optimizer = backend.createAdam(
          ghn.variables.map((variable) => ({ variable })),
          { clipNorm: 5 },
        );
        const { images, labels } = batch(12);
        const rng = Rng.fromSeed(1, "steps");
        const losses: number[] = [];
        const tensors: number[] = [];
        for (let step = 0; step < 40; step++) {
          const plans = [planOf(randomCell(String(rng.int(1000)), 3), network), planOf(randomCell(String(rng.int(1000)), 4), network)];
          const { value, grads } = tf.variableGrads(() => lossOf(backend, ghn, plans, images, labels), [...ghn.variables]);
          expect(optimizer.apply(grads, 0.005).applied).toBe(true);
          losses.push((value.dataSync()[0] ?? Number.NaN) / plans.length);
          tf.dispose([value]);
          tf.dispose(grads);
          tensors.push(tf.memory().numTensors);
        }
        const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
        expect(mean(losses.slice(-8))).toBeLessThan(0.8 * mean(losses.slice(0, 8)));
        // TensorFlow's kernels keep small constants for each new shape; once all shapes have occurred, the number is stable.
        expect(new Set(tensors.slice(-12)).size).toBe(1);
        optimizer.dispose();
        tf.dispose([images, labels]);
      });
    });

    it("leaves no tensor behind when it is disposed", () => {
      const before = tf.memory().numTensors;
      withGhn(createSmall(), (ghn) => {
        const inside = tf.memory().numTensors;
        const weights = ghn.generate([planOf(randomCell("a", 4))]);
        // Outside a tidy exactly the weights remain.
        expect(tf.memory().numTensors - inside).toBe(planOf(randomCell("a", 4)).slots.length);
        tf.dispose([...(weights[0]?.values() ?? [])]);
      });
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  describe("size", () => {
    it("needs memory in proportion to N", () => {
      withGhn(createSmall(), (ghn) => {
        const bytes = (nodes: number): number => {
          const cell = {
            nodes: Array.from({ length: nodes }, (_, i) => ({
              operation: "sepConv3x3" as const,
              inputs: [i % 2, Math.max(0, i + 1)].filter((input, k, all) => all.indexOf(input) === k),
            })),
          };
          const before = tf.memory().numBytes;
          const weights = ghn.generate([planOf(cell, networkConfig({ reductions: [1, 2] }))]);
          const taken = tf.memory().numBytes - before;
          tf.dispose([...(weights[0]?.values() ?? [])]);
          return taken;
        };
        const [n5, n10, n20] = [bytes(5), bytes(10), bytes(20)];
        expect(n20 - n10).toBeLessThan(2.2 * (n10 - n5));
        expect(ghn.parameterCount).toBe(ghn.variables.reduce((sum, variable) => sum + variable.size, 0));
      });
    });
  });

  describe("files", () => {
    it("imports what was exported and refuses what does not fit", () => {
      const plan = planOf(randomCell("a", 5));
      const [exported, generated] = withGhn(createSmall(), (ghn) => [ghn.exportWeights(), values(ghn, [plan])] as const);
      withGhn(createSmall({}, networkConfig(), 2), (ghn) => {
        const own = values(ghn, [plan]);
        const { embedding, ...rest } = exported;
        if (embedding === undefined) throw new Error("There is no embedding.");
        expect(() => ghn.importWeights(rest)).toThrow("lack the part “embedding”");
        expect(() => ghn.importWeights({ ...exported, extra: embedding })).toThrow("“extra”");
        expect(() => ghn.importWeights({ ...exported, embedding: { shape: [1, 1], values: new Float32Array(1) } })).toThrow("shape [1, 1]");
        expect(values(ghn, [plan])).toEqual(own);
        ghn.importWeights(exported);
        expect(values(ghn, [plan])).toEqual(generated);
        expect(ghn.exportWeights()).toEqual(exported);
      });
    });

    it("can have two GHNs in one process", () => {
      withGhn(createSmall(), (one) =>
        withGhn(createSmall({}, networkConfig(), 2), (two) => {
          expect(one.variables[0]?.name).toBe("ghn/embedding");
          expect(two.variables[0]?.name).toBe("ghn2/embedding");
          expect(Object.keys(one.exportWeights())).toEqual(Object.keys(two.exportWeights()));
        }),
      );
    });

    it("refuses other networks and excessive sizes", () => {
      withGhn(createSmall(), (ghn) => {
        expect(() => ghn.generate([planOf(randomCell("a", 3), networkConfig({ blocks: 2 }))])).toThrow("made for 3 blocks");
        expect(() => ghn.generate([planOf(randomCell("a", 3), networkConfig({ initialChannels: 8 }))])).toThrow("at most");
        expect(ghn.generate([])).toEqual([]);
      });
      expect(() => createSmall({ decoderHiddenSize: 512 }, networkConfig({ initialChannels: 512 }))).toThrow("parameters, more than");
    });
  });
}
