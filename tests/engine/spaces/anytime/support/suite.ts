import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend, type Tensor, tf } from "../../../../../src-main/engine/backend/index.ts";
import { GraphHyperNetwork } from "../../../../../src-main/engine/ghn/graph-hypernetwork.ts";
import { forward } from "../../../../../src-main/engine/network/forward.ts";
import { RunningStatistics } from "../../../../../src-main/engine/network/running-statistics.ts";
import { TensorWeights, VariableWeights } from "../../../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../../../src-main/engine/random.ts";
import { planOfModel } from "../../../../../src-main/engine/spaces/anytime/model.ts";
import { anytimeFamily } from "../../../../../src-main/engine/spaces/anytime/network-family.ts";
import { buildAnytimePlan } from "../../../../../src-main/engine/spaces/anytime/plan.ts";
import { sampleAnytime } from "../../../../../src-main/engine/spaces/anytime/sampler.ts";
import {
  ANYTIME_OPERATIONS,
  type AnytimeArchitecture,
  type AnytimeOperation,
  msdNetSchema,
  resNetSchema,
} from "../../../../../src-shared/domain/architecture/anytime.ts";
import type { NetworkInput } from "../../../../../src-shared/domain/architecture/network.ts";
import { anytimeSpaceSchema } from "../../../../../src-shared/domain/config/anytime-config.ts";
import { distance, expectValues, read, scoped, tensor } from "../../../backend/support/check.ts";
import { type Dense, numbers, random } from "../../../backend/support/reference.ts";
import { ghnConfig } from "../../../ghn/support/small.ts";
import { weightOf } from "../../../network/support/reference-network.ts";
import { computeAnytimeSlowly } from "./reference-network.ts";

/** Sides that are not multiples of 4, so that pooled and upsampled images must be cropped. */
const ODD: NetworkInput = { height: 7, width: 6, channels: 2, classes: 3 };
const EVEN: NetworkInput = { height: 8, width: 8, channels: 1, classes: 3 };
/** float32 through about ten batch norms of small batches. */
const TOLERANCE = 2e-4;

const small = anytimeSpaceSchema.parse({ nodes: [5, 3, 2], maxInputs: 3, exits: 4 });
const images = (input: NetworkInput, n = 3): Dense => random([n, input.height, input.width, input.channels], 1);

/** One node with the operation, the requested number of inputs, and an exit. */
function nodeWithInputs(inputs: number, operation: AnytimeOperation = "conv1x1"): AnytimeArchitecture {
  const chain = Array.from({ length: inputs - 2 }, (_, i) => ({ operation: "maxPool3x3" as const, inputs: [i], scale: i % 3, exit: false }));
  const last = { operation, inputs: Array.from({ length: inputs }, (_, i) => i), scale: 1, exit: true };
  return { scales: 3, cells: [{ nodes: [...chain, last] }] };
}

export function describeAnytime(prefer: "tensorflow" | "wasm"): void {
  let backend: Backend;
  beforeAll(async () => {
    backend = await initBackend({ prefer });
  });

  const expectSame = (architecture: AnytimeArchitecture, input: NetworkInput): void => {
    const plan = buildAnytimePlan(architecture, { initialChannels: 3 }, input);
    const slow = computeAnytimeSlowly(architecture, 3, input, images(input));
    const order = plan.exits.map(({ node }) => slow.exits.findIndex((exit) => exit.cell === node?.cell && exit.node === node.node));
    scoped(() => {
      const weights = new TensorWeights(new Map(plan.slots.map((slot) => [slot.id, tensor<Tensor>(weightOf(slot.id, slot.shape))])));
      const { exitLogits = [] } = forward(plan, backend.ops, weights, tensor(images(input)), { statistics: "batch" });
      expect(exitLogits).toHaveLength(order.length);
      order.forEach((i, k) => {
        const logits = slow.exits[i]?.logits;
        const fast = exitLogits[k];
        if (logits === undefined || fast === undefined) throw new Error("An exit is missing.");
        expectValues(fast, logits, TOLERANCE);
      });
    });
    // Counts: everything that the slow version computed, exit by exit.
    expect(plan.exits.map((exit) => exit.multiplyAdds)).toEqual(slow.cumulative(order));
    expect(order.map((i) => slow.exits[i]?.alone ?? 0)).toEqual([...slow.exits.map((exit) => exit.alone)].sort((a, b) => a - b));
    expect(new Map(plan.slots.map((slot) => [slot.id, slot.shape.reduce((product, length) => product * length, 1)]))).toEqual(slow.parameters);
    expect(plan.counts.parameters).toBe([...slow.parameters.values()].reduce((sum, count) => sum + count, 0));
  };

  describe("forward pass and counts against a slow version", () => {
    it.each([...ANYTIME_OPERATIONS])("of %s", (operation) => {
      expectSame(nodeWithInputs(2, operation), EVEN);
    });

    it("of random networks, on images that halve evenly or not", () => {
      const rng = Rng.fromSeed(3, "anytime");
      for (let i = 0; i < 8; i++) expectSame(sampleAnytime(small, rng), i % 2 === 0 ? EVEN : ODD);
    });

    it("computes a prefix of the exits, and nothing that only later ones need", () => {
      const architecture = sampleAnytime(small, Rng.fromSeed(5, "anytime"));
      const plan = buildAnytimePlan(architecture, { initialChannels: 3 }, EVEN);
      scoped(() => {
        const all = new Map(plan.slots.map((slot) => [slot.id, tensor<Tensor>(weightOf(slot.id, slot.shape))]));
        const whole = forward(plan, backend.ops, new TensorWeights(all), tensor(images(EVEN)), { statistics: "batch" });
        const asked = new Set<string>();
        const watched = {
          get: (slot: { readonly id: string }): Tensor => {
            asked.add(slot.id);
            return all.get(slot.id) as Tensor;
          },
        };
        const first = forward(plan, backend.ops, watched, tensor(images(EVEN)), { statistics: "batch", exits: 1 });
        expect(first.exitLogits).toHaveLength(1);
        const [a, b] = [whole.exitLogits?.[0], first.exitLogits?.[0]];
        if (a === undefined || b === undefined) throw new Error("An exit is missing.");
        expect(distance(read(b), read(a))).toBe(0);
        const own = computeAnytimeSlowly({ ...architecture, cells: onlyExit(architecture, plan.exits[0]?.node ?? null) }, 3, EVEN, images(EVEN));
        expect([...asked].sort()).toEqual([...own.parameters.keys()].sort());
      });
    });
  });

  describe("gradients", () => {
    // Differences of the slow version in double precision, with a step so small that no ReLU switches.
    it("are those of the slow version, for every parameter", () => {
      const architecture: AnytimeArchitecture = {
        scales: 3,
        cells: [
          {
            nodes: [
              { operation: "conv5x5", inputs: [0], scale: 2, exit: false },
              { operation: "conv3x3", inputs: [1, 2], scale: 0, exit: true },
              { operation: "avgPool3x3", inputs: [2, 3], scale: 1, exit: false },
              { operation: "maxPool3x3", inputs: [0, 4], scale: 1, exit: true },
            ],
          },
          { nodes: [{ operation: "conv1x1", inputs: [0, 1], scale: 1, exit: true }] },
        ],
      };
      const plan = buildAnytimePlan(architecture, { initialChannels: 3 }, ODD);
      const next = numbers(5);
      const coefficients = Array.from({ length: 3 * 3 * 3 }, () => 2 * next() - 1);
      const order = plan.exits.map(({ node }) => node?.node ?? -1);
      const gradients = scoped(() => {
        const weights = plan.slots.map((slot) => tensor<Tensor>(weightOf(slot.id, slot.shape)));
        const f = (...args: Tensor[]): Tensor => {
          const source = new TensorWeights(new Map(plan.slots.map((slot, i) => [slot.id, args[i] as Tensor])));
          const { exitLogits = [] } = forward(plan, backend.ops, source, tensor(images(ODD)), { statistics: "batch" });
          return tf.sum(tf.mul(tf.concat(exitLogits.map((logits) => logits.flatten())), tf.tensor1d(coefficients)));
        };
        return tf.grads(f)(weights).map(read);
      });
      const largest = Math.max(...gradients.flatMap(({ values }) => [...values].map(Math.abs)));
      for (const [s, slot] of plan.slots.entries()) {
        const direction = weightOf(slot.id, slot.shape).values.map(() => (next() < 0.5 ? -1 : 1));
        const moved = (by: number): number => {
          const { exits } = computeAnytimeSlowly(architecture, 3, ODD, images(ODD), (id, shape) => {
            const value = weightOf(id, shape);
            return id === slot.id ? { shape, values: value.values.map((v, i) => v + by * (direction[i] ?? 0)) } : value;
          });
          const all = order.flatMap((node) => [...(exits.find((exit) => exit.node === node)?.logits.values ?? [])]);
          return all.reduce((sum, value, i) => sum + value * (coefficients[i] ?? 0), 0);
        };
        const step = 1e-6;
        const slope = (moved(step) - moved(-step)) / (2 * step);
        const product = gradients[s]?.values.reduce((sum, value, i) => sum + value * (direction[i] ?? 0), 0) ?? Number.NaN;
        expect(Math.abs(product - slope), slot.id).toBeLessThan(1e-3 * Math.max(1, largest));
      }
    });
  });

  describe("generated weights", () => {
    const hypernetwork = (space = small, input = EVEN): GraphHyperNetwork =>
      new GraphHyperNetwork(ghnConfig(), anytimeFamily(space, { initialChannels: 3 }, input), Rng.fromSeed(1, "ghn-init"));

    it.each([1, 2, 3, 4, 5, 6])("make bottlenecks for %i inputs from pairs of nodes", (inputs) => {
      const space = anytimeSpaceSchema.parse({ nodes: [7], maxInputs: 8, exits: 1 });
      const ghn = hypernetwork(space);
      const architecture: AnytimeArchitecture =
        inputs === 1 ? { scales: 3, cells: [{ nodes: [{ operation: "conv1x1", inputs: [1], scale: 1, exit: true }] }] } : nodeWithInputs(inputs);
      const plan = buildAnytimePlan(architecture, { initialChannels: 3 }, EVEN);
      const node = 1 + (architecture.cells[0]?.nodes.length ?? 0);
      const slot = plan.slots.find(({ id }) => id === `cell0/node${node}/bottleneck/conv`);
      scoped(() => {
        const weight = ghn.generate([plan])[0]?.get(slot?.id ?? "");
        const channels = (slot?.parts ?? []).map((part) => part.channels);
        expect(channels).toHaveLength(inputs);
        expect(weight?.shape).toEqual([1, 1, channels.reduce((sum, count) => sum + count, 0), 6]);
      });
      ghn.dispose();
    });

    it("have a shape for every parameter, depend on operation, scale and exit, and are the same alone as in a batch", () => {
      const ghn = hypernetwork();
      const rng = Rng.fromSeed(9, "anytime");
      const architectures = [sampleAnytime(small, rng), sampleAnytime(small, rng, [1, 3, 2])];
      const plans = architectures.map((architecture) => buildAnytimePlan(architecture, { initialChannels: 3 }, EVEN));
      scoped(() => {
        const generated = ghn.generate(plans);
        plans.forEach((plan, i) => {
          const alone = ghn.generate([plan])[0];
          for (const slot of plan.slots) {
            const weight = generated[i]?.get(slot.id);
            expect(weight?.shape, slot.id).toEqual([...slot.shape]);
            if (weight !== undefined && alone?.get(slot.id) !== undefined)
              expect(distance(read(weight), read(alone.get(slot.id) as Tensor))).toBeLessThan(1e-5);
          }
        });
        const other = (change: (node: AnytimeArchitecture["cells"][number]["nodes"][number]) => object): number => {
          const [architecture] = architectures;
          if (architecture === undefined) throw new Error("There is no network.");
          const cells = architecture.cells.map((cell, c) =>
            c > 0 ? cell : { nodes: cell.nodes.map((node, k) => (k === 0 ? { ...node, ...change(node) } : node)) },
          );
          const plan = buildAnytimePlan({ ...architecture, cells }, { initialChannels: 3 }, EVEN);
          const last = plan.slots.at(-1)?.id ?? "";
          return distance(read(ghn.generate([plan])[0]?.get(last) as Tensor), read(generated[0]?.get(last) as Tensor));
        };
        expect(other(() => ({}))).toBe(0);
        expect(other((node) => ({ operation: node.operation === "conv1x1" ? "conv3x3" : "conv1x1" }))).toBeGreaterThan(1e-6);
        expect(other((node) => ({ scale: (node.scale + 1) % 3 }))).toBeGreaterThan(1e-6);
        expect(other((node) => ({ exit: !node.exit }))).toBeGreaterThan(1e-6);
      });
      ghn.dispose();
    });

    it("pass a gradient to every parameter of the GHN that affects them", () => {
      const ghn = hypernetwork();
      const plan = buildAnytimePlan(sampleAnytime(small, Rng.fromSeed(2, "anytime")), { initialChannels: 3 }, EVEN);
      const { grads, value } = tf.variableGrads(() => {
        const weights = ghn.generate([plan])[0];
        if (weights === undefined) throw new Error("Nothing was generated.");
        const { exitLogits = [] } = forward(plan, backend.ops, new TensorWeights(weights), tensor(images(EVEN)), { statistics: "batch" });
        return tf.addN(exitLogits.map((logits) => tf.sum(tf.square(logits)))).asScalar();
      }, [...ghn.variables]);
      const silent = ghn.variables.filter((variable) => {
        const gradient = grads[variable.name];
        return gradient == null || gradient.dataSync().every((entry) => entry === 0);
      });
      expect(silent.map((variable) => variable.name).sort()).toEqual(["ghn/decoder/conv1xk", "ghn/decoder/convkx1", "ghn/decoder/depthwise"]);
      tf.dispose([value, grads]);
      ghn.dispose();
    });
  });

  it("leaves no tensor behind, in searched networks and references", () => {
    const models = [
      { kind: "cells" as const, architecture: sampleAnytime(small, Rng.fromSeed(4, "anytime")) },
      msdNetSchema.parse({ kind: "msdnet", exits: 3, base: 2, step: 1, channels: 4, growth: 2, classifierChannels: 4 }),
      resNetSchema.parse({ kind: "resnet", blocks: 2, channels: 2, exitsAfter: [1], classifierChannels: 4 }),
    ];
    const before = tf.memory().numTensors;
    for (const model of models) {
      const plan = planOfModel(model, { initialChannels: 3 }, EVEN);
      const variables = new VariableWeights(plan, Rng.fromSeed(1, "init"));
      const running = new RunningStatistics(plan);
      scoped(() => {
        const trained = forward(plan, backend.ops, variables, tensor(images(EVEN)), { statistics: "batch", running });
        expect(trained.exitLogits).toHaveLength(plan.exits.length);
        forward(plan, backend.ops, variables, tensor(images(EVEN)), { statistics: "running", running });
      });
      running.dispose();
      variables.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
}

/** The cells with only one exit, at the given node. */
function onlyExit(architecture: AnytimeArchitecture, place: { readonly cell: number; readonly node: number } | null): AnytimeArchitecture["cells"] {
  return architecture.cells.map((cell, c) => ({ nodes: cell.nodes.map((node, i) => ({ ...node, exit: place?.cell === c && place.node === i + 2 })) }));
}
