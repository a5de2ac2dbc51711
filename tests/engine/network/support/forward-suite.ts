import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend, type Tensor, tf } from "../../../../src-main/engine/backend/index.ts";
import { BATCH_NORM_EPSILON, type ForwardOptions, forward } from "../../../../src-main/engine/network/forward.ts";
import type { BuiltPlan } from "../../../../src-main/engine/network/program.ts";
import { RunningStatistics } from "../../../../src-main/engine/network/running-statistics.ts";
import { TensorWeights, VariableWeights } from "../../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import { buildPlan } from "../../../../src-main/engine/spaces/cell/plan.ts";
import type { Architecture, NetworkConfig } from "../../../../src-shared/domain/architecture/network.ts";
import { ALL_OPERATIONS } from "../../../../src-shared/domain/architecture/operations.ts";
import { distance, expectValues, read, scoped, tensor } from "../../backend/support/check.ts";
import { type Dense, numbers } from "../../backend/support/reference.ts";
import { anyArchitecture, cellOf, config, fixedWeights, imagesOf, TINY, tinyImages } from "./networks.ts";
import { computeSlowly, EPSILON, type Moments, weightOf } from "./reference-network.ts";

/** float32 through about ten batch norms of small batches. */
const TOLERANCE = 2e-4;

export function describeForward(prefer: "tensorflow" | "wasm"): void {
  let backend: Backend;

  beforeAll(async () => {
    backend = await initBackend({ prefer });
  });

  const run = (plan: BuiltPlan, images: Dense, options: ForwardOptions = { statistics: "batch" }): Dense =>
    scoped(() => read(forward(plan, backend.ops, fixedWeights(plan), imagesOf(images), options).logits));

  const expectSame = (architecture: Architecture, network: NetworkConfig): void => {
    const plan = buildPlan(architecture, network, TINY);
    scoped(() => {
      const { logits, auxiliaryLogits } = forward(plan, backend.ops, fixedWeights(plan), imagesOf(tinyImages()), { statistics: "batch", auxiliary: true });
      const slow = computeSlowly(architecture, network, TINY, tinyImages());
      expectValues(logits, slow.logits, TOLERANCE);
      if (auxiliaryLogits === undefined) throw new Error("The auxiliary head was asked for.");
      expectValues(auxiliaryLogits, slow.auxiliary, TOLERANCE);
    });
  };

  describe("values", () => {
    it.each([...ALL_OPERATIONS])("of %s, on one input and on two", (operation) => {
      for (const inputs of [[0], [0, 1]]) expectSame({ normal: cellOf(operation, inputs) }, config());
    });

    it("without a bottleneck in 1×7–7×1, and with separable convolutions applied three times", () => {
      expectSame({ normal: cellOf("conv1x7-7x1", [0, 1]) }, config({ factorizedDivisor: 1 }));
      expectSame({ normal: cellOf("dilConv5x5", [0, 1]) }, config({ separableRepeats: 3 }));
    });

    it("of random cells, some with reduction cells or explicit outputs, in networks of any shape", () => {
      const rng = Rng.fromSeed(11, "forward");
      for (let i = 0; i < 12; i++) {
        const network = config({
          blocks: 1 + rng.int(4),
          reductions: rng.choice([[], [0], [1, 2], [0, 1, 3]]),
          stem: rng.choice(["conv3x3", "imagenet", "stride8"]),
          stemMultiplier: 1 + rng.int(2),
        });
        expectSame(anyArchitecture(rng, 1 + rng.int(5)), network);
      }
    });

    it("use the exported epsilon", () => expect(EPSILON).toBe(BATCH_NORM_EPSILON));

    it("reject images of another size, and missing running statistics", () => {
      const plan = buildPlan({ normal: cellOf("conv1x1", [0]) }, config(), TINY);
      expect(() => run(plan, tinyImages(2, { ...TINY, height: 5 }))).toThrow("6 × 5 × 2");
      expect(() => run(plan, tinyImages(), { statistics: "running" })).toThrow("Running statistics");
    });
  });

  describe("gradients", () => {
    // Differences of the slow reference in double precision, with a step so small that no ReLU switches.
    it("match the slow reference", () => {
      const architecture: Architecture = {
        normal: {
          nodes: [
            { operation: "sepConv3x3", inputs: [0, 1] },
            { operation: "conv1x7-7x1", inputs: [1] },
            { operation: "avgPool3x3", inputs: [0, 2] },
            { operation: "maxPool3x3", inputs: [2, 3] },
            { operation: "identity", inputs: [0, 4] },
            { operation: "dilConv3x3", inputs: [1] },
            { operation: "conv1x1", inputs: [3, 5] },
          ],
        },
      };
      const network = config({ blocks: 3, reductions: [1], separableRepeats: 1 });
      const plan = buildPlan(architecture, network, TINY);
      const slots = [...plan.slots, ...plan.auxiliarySlots];
      const next = numbers(5);
      const coefficients = Array.from({ length: 2 * 3 * 3 }, () => 2 * next() - 1);
      const loss = (logits: Dense, auxiliary: Dense): number =>
        [...logits.values, ...auxiliary.values].reduce((sum, value, i) => sum + value * (coefficients[i] ?? 0), 0);
      const gradients = scoped(() => {
        const weights = slots.map((slot) => tensor<Tensor>(weightOf(slot.id, slot.shape)));
        const f = (...args: Tensor[]): Tensor => {
          const source = new TensorWeights(new Map(slots.map((slot, i) => [slot.id, args[i] ?? tf.scalar(0)])));
          const { logits, auxiliaryLogits } = forward(plan, backend.ops, source, imagesOf(tinyImages()), { statistics: "batch", auxiliary: true });
          const all = tf.concat([logits.flatten(), auxiliaryLogits?.flatten() ?? tf.tensor1d([])]);
          return tf.sum(tf.mul(all, tf.tensor1d(coefficients)));
        };
        return tf.grads(f)(weights).map(read);
      });
      const largest = Math.max(...gradients.flatMap(({ values }) => [...values].map(Math.abs)));
      for (const [s, slot] of slots.entries()) {
        const direction = weightOf(slot.id, slot.shape).values.map(() => (next() < 0.5 ? -1 : 1));
        const moved = (by: number): number => {
          const { logits, auxiliary } = computeSlowly(architecture, network, TINY, tinyImages(), (id, shape) => {
            const value = weightOf(id, shape);
            return id === slot.id ? { shape, values: value.values.map((v, i) => v + by * (direction[i] ?? 0)) } : value;
          });
          return loss(logits, auxiliary);
        };
        const step = 1e-6;
        const slope = (moved(step) - moved(-step)) / (2 * step);
        const product = gradients[s]?.values.reduce((sum, value, i) => sum + value * (direction[i] ?? 0), 0) ?? Number.NaN;
        expect(Math.abs(product - slope), slot.id).toBeLessThan(1e-3 * Math.max(1, largest));
      }
    });

    it("reach every variable, and leak no tensor", () => {
      // The first cycle warms up: TensorFlow's kernels cache small constants.
      const cycle = (seed: number): void => {
        const rng = Rng.fromSeed(seed, "forward");
        const plan = buildPlan(anyArchitecture(rng, 4), config({ blocks: 3 }), TINY);
        const weights = new VariableWeights(plan, rng, { auxiliary: true });
        const statistics = new RunningStatistics(plan, { auxiliary: true });
        const variables = weights.entries().map(({ variable }) => variable);
        const images = scoped(() => tf.keep(imagesOf(tinyImages())));
        const counts = [0, 1, 2].map(() => {
          const { value, grads } = tf.variableGrads(() => {
            const options = { statistics: "batch", running: statistics, auxiliary: true, dropPath: { probability: 0.2, rng } } as const;
            const { logits, auxiliaryLogits } = forward(plan, backend.ops, weights, images, options);
            return tf.add(tf.sum(tf.square(logits)), tf.sum(tf.square(auxiliaryLogits ?? logits)));
          }, variables);
          expect(Object.keys(grads)).toHaveLength(variables.length);
          tf.dispose([value, ...Object.values(grads)]);
          return tf.memory().numTensors;
        });
        expect(counts[2]).toBe(counts[1]);
        scoped(() => read(forward(plan, backend.ops, weights, images, { statistics: "running", running: statistics }).logits));
        images.dispose();
        weights.dispose();
        statistics.dispose();
      };
      for (let seed = 1; seed <= 4; seed++) {
        cycle(seed);
        const before = tf.memory().numTensors;
        cycle(seed);
        expect(tf.memory().numTensors).toBe(before);
      }
    });

    it("disposes values early: the peak of a deep network equals that of a shallow one", () => {
      const normal = {
        nodes: [
          { operation: "conv1x1" as const, inputs: [0, 1] },
          { operation: "conv1x1" as const, inputs: [0] },
          { operation: "maxPool3x3" as const, inputs: [2, 3] },
        ],
      };
      const peak = (blocks: number): number => {
        const plan = buildPlan({ normal }, config({ blocks, reductions: [] }), TINY);
        return scoped(() => {
          const source = fixedWeights(plan);
          const images = imagesOf(tinyImages());
          const statistics = new RunningStatistics(plan);
          read(forward(plan, backend.ops, source, images, { statistics: "running", running: statistics }).logits);
          const start = tf.memory().numTensors;
          let most = 0;
          const counting = {
            ...backend.ops,
            relu: <T extends Tensor>(x: T): T => {
              most = Math.max(most, tf.memory().numTensors - start);
              return backend.ops.relu(x);
            },
          };
          forward(plan, counting, source, images, { statistics: "running", running: statistics });
          statistics.dispose();
          return most;
        });
      };
      expect(peak(12)).toBeLessThanOrEqual(peak(3) + 1);
    });
  });

  describe("running statistics", () => {
    const architecture: Architecture = {
      normal: {
        nodes: [
          { operation: "sepConv3x3", inputs: [0, 1] },
          { operation: "conv1x7-7x1", inputs: [1, 2] },
        ],
      },
    };
    const network = config({ blocks: 2 });
    const plan = buildPlan(architecture, network, TINY);
    const slow = (running?: ReadonlyMap<string, Moments>) => computeSlowly(architecture, network, TINY, tinyImages(), weightOf, running);
    const average = (before: Moments, batch: Moments): Moments => ({
      mean: before.mean.map((value, c) => 0.9 * value + 0.1 * (batch.mean[c] ?? 0)),
      variance: before.variance.map((value, c) => 0.9 * value + 0.1 * (batch.variance[c] ?? 0)),
    });

    it("follow the batches separately for each input of a node, and are used in evaluation", () => {
      const statistics = new RunningStatistics(plan, { auxiliary: true });
      const expected = new Map<string, Moments>();
      const { moments } = slow();
      for (const [name, { mean }] of moments) expected.set(name, { mean: mean.map(() => 0), variance: mean.map(() => 1) });
      for (let step = 0; step < 3; step++) {
        scoped(() => forward(plan, backend.ops, fixedWeights(plan), imagesOf(tinyImages()), { statistics: "batch", running: statistics, auxiliary: true }));
        for (const [name, batch] of moments) expected.set(name, average(expected.get(name) ?? batch, batch));
      }
      const exported = statistics.export({ auxiliary: true });
      expect(Object.keys(exported).sort()).toEqual([...expected.keys()].flatMap((name) => [`${name}/mean`, `${name}/variance`]).sort());
      for (const [name, { mean, variance }] of expected) {
        const shape = [mean.length];
        expect(
          distance({ shape, values: Float64Array.from(exported[`${name}/mean`]?.values ?? []) }, { shape, values: Float64Array.from(mean) }),
          name,
        ).toBeLessThan(1e-4);
        expect(
          distance({ shape, values: Float64Array.from(exported[`${name}/variance`]?.values ?? []) }, { shape, values: Float64Array.from(variance) }),
          name,
        ).toBeLessThan(1e-4);
      }
      scoped(() => expectValues(tensor(run(plan, tinyImages(), { statistics: "running", running: statistics })), slow(expected).logits, TOLERANCE));
      statistics.dispose();
    });

    it("do not change for the auxiliary head if it is not computed", () => {
      const statistics = new RunningStatistics(plan, { auxiliary: true });
      run(plan, tinyImages(), { statistics: "batch", running: statistics });
      const { "stem/0/mean": stem, "auxiliary/squeeze/0/mean": squeeze } = statistics.export({ auxiliary: true });
      expect(stem?.values.some((value) => value !== 0)).toBe(true);
      expect(squeeze?.values.every((value) => value === 0)).toBe(true);
      expect(Object.keys(statistics.export()).some((name) => name.startsWith("auxiliary/"))).toBe(false);
      statistics.dispose();
    });

    it("are restored bit for bit from an export; an export that does not fit is rejected as a whole", () => {
      const before = tf.memory().numTensors;
      const first = new RunningStatistics(plan, { auxiliary: true });
      run(plan, tinyImages(), { statistics: "batch", running: first, auxiliary: true });
      const second = new RunningStatistics(plan, { auxiliary: true });
      second.import(first.export({ auxiliary: true }));
      expect(second.export({ auxiliary: true })).toEqual(first.export({ auxiliary: true }));
      const state = second.export({ auxiliary: true });
      expect(() =>
        second.import({
          ...first.export({ auxiliary: true }),
          "stem/0/mean": { shape: [4], values: Float32Array.of(9, 9, 9, 9) },
          "block1/node2/sep0/1/mean": { shape: [2], values: new Float32Array(2) },
        }),
      ).toThrow("block1/node2/sep0/1/mean");
      expect(second.export({ auxiliary: true })).toEqual(state);
      first.dispose();
      second.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  describe("provisional running statistics", () => {
    const plan = buildPlan({ normal: cellOf("sepConv3x3", [0, 1]) }, config(), TINY);
    const train = (statistics: RunningStatistics, images: Dense): void => {
      scoped(() => void forward(plan, backend.ops, fixedWeights(plan), imagesOf(images), { statistics: "batch", running: statistics }));
    };
    const broken = (): Dense => ({ shape: tinyImages().shape, values: tinyImages().values.map((value, i) => (i === 7 ? Number.NaN : value)) });

    it("change nothing for steps that are committed", () => {
      const [plain, provisional] = [new RunningStatistics(plan), new RunningStatistics(plan)];
      for (let step = 0; step < 3; step++) {
        train(plain, tinyImages());
        train(plain, tinyImages(2));
        provisional.begin();
        // Two forward passes per step, as with accumulated gradients.
        train(provisional, tinyImages());
        train(provisional, tinyImages(2));
        provisional.commit();
      }
      expect(provisional.export()).toEqual(plain.export());
      for (const statistics of [plain, provisional]) statistics.dispose();
    });

    it("survive a batch that is not finite, and leak no tensor", () => {
      const statistics = new RunningStatistics(plan);
      train(statistics, tinyImages());
      const [before, moments] = [statistics.export(), [...statistics.at(0).mean.dataSync()]];
      const tensors = tf.memory().numTensors;
      statistics.begin();
      train(statistics, tinyImages());
      train(statistics, broken());
      expect([...statistics.at(0).mean.dataSync()].every(Number.isFinite)).toBe(false);
      statistics.rollback();
      expect(statistics.export()).toEqual(before);
      expect([...statistics.at(0).mean.dataSync()]).toEqual(moments);
      statistics.begin();
      statistics.rollback();
      statistics.begin();
      statistics.commit();
      expect(statistics.export()).toEqual(before);
      expect(tf.memory().numTensors).toBe(tensors);
      // Without a provisional step, one such batch poisons the averages for good.
      train(statistics, broken());
      train(statistics, tinyImages());
      expect(Object.values(statistics.export()).some(({ values }) => values.some((value) => !Number.isFinite(value)))).toBe(true);
      statistics.dispose();
    });

    it("are disposed in the middle of a step, and reject calls out of order", () => {
      const before = tf.memory().numTensors;
      const statistics = new RunningStatistics(plan);
      expect(() => statistics.commit()).toThrow("No provisional step");
      expect(() => statistics.rollback()).toThrow("No provisional step");
      statistics.begin();
      expect(() => statistics.begin()).toThrow("active already");
      train(statistics, tinyImages());
      statistics.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  describe("drop-path", () => {
    const images = tinyImages(60);
    /** Logits are linear in the outputs of the nodes of one block if these are not negative, as after average pooling of a rectified input. */
    const onePlan = (architecture: Architecture): BuiltPlan => buildPlan(architecture, config({ blocks: 1, reductions: [] }), TINY);

    it("never drops an identity, and drops nothing with probability 0", () => {
      const identity = onePlan({
        normal: {
          nodes: [
            { operation: "identity", inputs: [0] },
            { operation: "identity", inputs: [0, 2] },
          ],
        },
      });
      const rng = Rng.fromSeed(1, "drop");
      expect(run(identity, images, { statistics: "batch", dropPath: { probability: 0.9, rng } })).toEqual(run(identity, images));
      const pooling = onePlan({ normal: cellOf("maxPool3x3", [0]) });
      expect(run(pooling, images, { statistics: "batch", dropPath: { probability: 0, rng } })).toEqual(run(pooling, images));
    });

    it("drops applications independently per image, and preserves the expectation", () => {
      const probability = 0.3;
      const plan = onePlan({ normal: cellOf("maxPool3x3", [0, 1]) });
      const single = (input: number): Dense => run(onePlan({ normal: cellOf("maxPool3x3", [input]) }), images);
      // Networks with only one of the two inputs use the same classifier weights; their contributions to the logits add up.
      const [a, b, both] = [single(0), single(1), run(plan, images)];
      const bias = weightOf("classifier/bias", [3]).values;
      const rng = Rng.fromSeed(2, "drop");
      const draws = 80;
      const cases = { none: 0, one: 0, other: 0, two: 0 };
      for (let draw = 0; draw < draws; draw++) {
        const dropped = run(plan, images, { statistics: "batch", dropPath: { probability, rng } });
        for (let image = 0; image < 60; image++) {
          const at = (from: Dense, factor: number): boolean =>
            [0, 1, 2].every((k) => {
              const [value, base, full] = [dropped.values[3 * image + k] ?? 0, bias[k] ?? 0, from.values[3 * image + k] ?? 0];
              return Math.abs(value - base - factor * (full - base)) < 1e-3;
            });
          const kept = 1 / (1 - probability);
          if (at(both, kept)) cases.two += 1;
          else if (at(a, kept)) cases.one += 1;
          else if (at(b, kept)) cases.other += 1;
          else if (at(both, 0)) cases.none += 1;
          else throw new Error(`Image ${image} is neither kept nor dropped.`);
        }
      }
      const total = draws * 60;
      const expectShare = (count: number, share: number): void =>
        expect(Math.abs(count - total * share)).toBeLessThan(4 * Math.sqrt(total * share * (1 - share)));
      expectShare(cases.two, (1 - probability) ** 2);
      expectShare(cases.one, probability * (1 - probability));
      expectShare(cases.other, probability * (1 - probability));
      expectShare(cases.none, probability ** 2);
    });

    it("is reproducible with the same generator, and works with average pooling of a sum", () => {
      const plan = onePlan({
        normal: {
          nodes: [
            { operation: "avgPool3x3", inputs: [0, 1] },
            { operation: "conv1x1", inputs: [0, 2] },
          ],
        },
      });
      const draw = (): Dense => run(plan, images, { statistics: "batch", dropPath: { probability: 0.4, rng: Rng.fromSeed(3, "drop") } });
      expect(draw()).toEqual(draw());
      expect(draw()).not.toEqual(run(plan, images));
    });
  });
}
