import { beforeAll, describe, expect, it } from "vitest";
import { initBackend } from "../../../src-main/engine/backend/index.ts";
import { type Tensor, type Tensor2D, tf } from "../../../src-main/engine/backend/ops/tf.ts";
import type { GnnParameters } from "../../../src-main/engine/ghn/propagation/packed-parameters.ts";
import { propagate } from "../../../src-main/engine/ghn/propagation/propagation.ts";
import type { PropagationSettings } from "../../../src-main/engine/ghn/propagation/schedule.ts";
import type { ComputationGraph } from "../../../src-main/engine/network/plan-types.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { countNodes, normal, PARAMETER_NAMES, parametersOf, randomGraph, randomParameters, toTensor, type Values } from "./support/graphs.ts";
import { slowPropagate } from "./support/slow-propagation.ts";

beforeAll(async () => {
  await initBackend({ prefer: "wasm" });
});

const SETTINGS: PropagationSettings[] = (["forward-backward", "synchronous"] as const).flatMap((propagation) =>
  (["all", "gnn"] as const).flatMap((sharing) => [true, false].map((passEmbedding) => ({ propagation, propagationSteps: 2, sharing, passEmbedding }))),
);
const title = ({ propagation, propagationSteps, sharing, passEmbedding }: PropagationSettings) =>
  `${propagation}, T = ${propagationSteps}, sharing ${sharing}, ${passEmbedding ? "PE" : "no PE"}`;

interface Problem {
  readonly graphs: ComputationGraph[];
  readonly embeddings: Values;
  readonly parameters: GnnParameters<Values>;
}

function problem(seed: string, settings: PropagationSettings, { blocks = 3, operations = [5, 4], width = 6, message = 5 } = {}): Problem {
  const rng = Rng.fromSeed(seed, "propagation-test");
  const graphs = operations.map((count) => randomGraph(rng, blocks, count));
  return {
    graphs,
    embeddings: normal(rng, [countNodes(graphs), width]),
    parameters: randomParameters(rng, settings.sharing === "all" ? 1 : blocks, width, message),
  };
}

type Propagate = (embeddings: Tensor2D, parameters: GnnParameters) => Tensor2D;

/** Values, and gradients of a random linear combination of them. */
function run(of: Propagate, { embeddings, parameters }: Problem): { values: Float32Array; gradients: Float32Array[] } {
  const args = [embeddings, ...PARAMETER_NAMES.map((name) => parameters[name])];
  let values = new Float32Array(0);
  const gradients = tf.tidy(() =>
    tf
      .grads((...list) => {
        const [x, ...rest] = list;
        const y = of(x as Tensor2D, parametersOf(rest));
        values = y.dataSync().slice() as Float32Array<ArrayBuffer>;
        return tf.sum(tf.mul(y, toTensor(coefficients(y.shape))));
      })(args.map((arg) => toTensor(arg)))
      .map((gradient) => gradient.dataSync().slice() as Float32Array),
  );
  return { values, gradients };
}

function coefficients(shape: number[]): Values {
  return normal(Rng.fromSeed(7, "coefficients"), shape);
}

/** Largest difference relative to the largest expected value. */
function distance(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] ?? Number.NaN))), 0) / largest;
}

function slowly(graphs: readonly ComputationGraph[], settings: PropagationSettings): Propagate {
  return (embeddings, parameters) => {
    let first = 0;
    return tf.concat2d(
      graphs.map((graph) => {
        const nodes = countNodes([graph]);
        first += nodes;
        return slowPropagate(graph, tf.slice2d(embeddings, [first - nodes, 0], [nodes, embeddings.shape[1]]), parameters, settings);
      }),
      0,
    );
  };
}

describe.each(SETTINGS.map((settings) => [title(settings), settings] as const))("message passing, %s", (_, settings) => {
  it("agrees with the readable reference in values and gradients", () => {
    const given = problem("oracle", settings);
    const fast = run((x, p) => propagate(given.graphs, x, p, settings), given);
    const slow = run(slowly(given.graphs, settings), given);
    expect(distance(fast.values, slow.values)).toBeLessThan(1e-5);
    fast.gradients.forEach((gradient, i) => {
      expect(distance(gradient, slow.gradients[i] ?? new Float32Array(0)), ["embeddings", ...PARAMETER_NAMES][i]).toBeLessThan(1e-4);
    });
  });

  it("has gradients that agree with finite differences", () => {
    const given = problem("differences", settings, { blocks: 2, operations: [3], width: 4, message: 4 });
    const { gradients } = run((x, p) => propagate(given.graphs, x, p, settings), given);
    const value = (changed: Problem): number =>
      tf.tidy(() => {
        const parameters = parametersOf(PARAMETER_NAMES.map((name) => toTensor<Tensor>(changed.parameters[name])));
        const y = propagate(given.graphs, toTensor(changed.embeddings), parameters, settings);
        const weights = coefficients(y.shape).values;
        return Array.from(y.dataSync()).reduce((sum, one, i) => sum + one * (weights[i] ?? 0), 0);
      });
    const moved = ({ shape, values }: Values, direction: Float32Array, by: number): Values => ({
      shape,
      values: values.map((one, i) => one + by * (direction[i] ?? 0)),
    });
    const rng = Rng.fromSeed(3, "directions");
    const names = ["embeddings", ...PARAMETER_NAMES] as const;
    names.forEach((name, n) => {
      const gradient = gradients[n] ?? new Float32Array(0);
      const at = (by: number, direction: Float32Array): number =>
        name === "embeddings"
          ? value({ ...given, embeddings: moved(given.embeddings, direction, by) })
          : value({ ...given, parameters: { ...given.parameters, [name]: moved(given.parameters[name], direction, by) } });
      for (let i = 0; i < 3; i++) {
        const direction = gradient.map(() => rng.normal() / Math.sqrt(gradient.length));
        const step = 3e-3;
        const difference = (at(step, direction) - at(-step, direction)) / (2 * step);
        const product = gradient.reduce((sum, one, k) => sum + one * (direction[k] ?? 0), 0);
        const norm = Math.sqrt(gradient.reduce((sum, one) => sum + one * one, 0) / gradient.length);
        expect(Math.abs(difference - product), name).toBeLessThan(0.01 * Math.max(norm, 0.5));
      }
    });
  });

  it("gives each graph of a batch the same bits as alone", () => {
    const given = problem("batch", settings, { operations: [6, 2, 4] });
    const together = run((x, p) => propagate(given.graphs, x, p, settings), given).values;
    let first = 0;
    for (const graph of given.graphs) {
      const size = countNodes([graph]) * 6;
      const alone = { ...given, graphs: [graph], embeddings: { shape: [size / 6, 6], values: given.embeddings.values.slice(first, first + size) } };
      expect(run((x, p) => propagate(alone.graphs, x, p, settings), alone).values).toEqual(together.slice(first, first + size));
      first += size;
    }
  });
});

describe("message passing", () => {
  const settings: PropagationSettings = { propagation: "forward-backward", propagationSteps: 3, sharing: "all", passEmbedding: true };

  it("updates wide levels as if one node followed the other", () => {
    // The reference updates one node at a time; only wide levels, odd and even, can differ from it.
    const wide: ComputationGraph = {
      blocks: [
        {
          nodes: [
            { type: "input0", inputs: [] },
            { type: "input1", inputs: [] },
            ...Array.from({ length: 7 }, () => ({ type: "identity" as const, inputs: [0, 1] })),
            { type: "conv1x1", inputs: [2, 3, 4, 5, 6, 7, 8] },
          ],
          order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        },
      ],
    };
    const rng = Rng.fromSeed(1, "wide");
    const given = { graphs: [wide], embeddings: normal(rng, [10, 8]), parameters: randomParameters(rng, 1, 8, 8) };
    expect(distance(run((x, p) => propagate([wide], x, p, settings), given).values, run(slowly([wide], settings), given).values)).toBeLessThan(1e-5);
  });

  it("leaves embeddings unchanged without steps", () => {
    const given = problem("none", settings);
    const result = run((x, p) => propagate(given.graphs, x, p, { ...settings, propagationSteps: 0 }), given);
    expect(result.values).toEqual(given.embeddings.values);
    expect(result.gradients[0]).toEqual(coefficients([...given.embeddings.shape]).values);
    expect(result.gradients[5]?.every((value) => value === 0)).toBe(true);
  });

  it("selects nodes in any order and adds up the gradients of nodes selected twice", () => {
    const given = problem("select", settings);
    const all = run((x, p) => propagate(given.graphs, x, p, settings), given).values;
    const select = Int32Array.from([4, 0, 4, 17]);
    const some = run((x, p) => propagate(given.graphs, x, p, settings, select), given);
    const slow = run(
      (x, p) =>
        tf.concat2d(
          [...select].map((node) => tf.slice2d(slowly(given.graphs, settings)(x, p), [node, 0], [1, 6])),
          0,
        ),
      given,
    );
    expect([...some.values]).toEqual([...select].flatMap((node) => [...all.slice(node * 6, node * 6 + 6)]));
    some.gradients.forEach((gradient, i) => {
      expect(distance(gradient, slow.gradients[i] ?? new Float32Array(0))).toBeLessThan(1e-4);
    });
  });

  it("computes its values again if another pass has overwritten them before the backward pass", () => {
    const given = problem("first", settings);
    const other = problem("second", settings, { blocks: 4, operations: [7] });
    const alone = run((x, p) => propagate(given.graphs, x, p, settings), given);
    const interrupted = run((x, p) => {
      const y = propagate(given.graphs, x, p, settings);
      propagate(other.graphs, toTensor(other.embeddings), parametersOf(PARAMETER_NAMES.map((name) => toTensor(other.parameters[name]))), settings);
      return y;
    }, given);
    expect(interrupted).toEqual(alone);
  });

  it("connects blocks only through the graph embedding", () => {
    const given = problem("passing", settings, { operations: [4] });
    const changed = { ...given, embeddings: { ...given.embeddings, values: given.embeddings.values.map((value, i) => (i === 0 ? value + 1 : value)) } };
    const last = (result: { values: Float32Array }): Float32Array => result.values.slice(-6 * 6);
    for (const passEmbedding of [true, false]) {
      const of: Propagate = (x, p) => propagate(given.graphs, x, p, { ...settings, passEmbedding });
      const same = distance(last(run(of, given)), last(run(of, changed))) === 0;
      expect(same).toBe(!passEmbedding);
    }
  });

  it("refuses what does not fit", () => {
    const given = problem("misfit", settings);
    const parameters = parametersOf(PARAMETER_NAMES.map((name) => toTensor<Tensor>(given.parameters[name])));
    expect(() => propagate(given.graphs.slice(1), toTensor(given.embeddings), parameters, settings)).toThrow("nodes");
    expect(() => propagate(given.graphs, toTensor(given.embeddings), parameters, { ...settings, sharing: "gnn" })).toThrow("sets of GNN parameters");
    const ragged = [randomGraph(Rng.fromSeed(1, "a"), 2, 3), randomGraph(Rng.fromSeed(1, "b"), 3, 3)];
    expect(() => propagate(ragged, toTensor(normal(Rng.fromSeed(1, "c"), [25, 6])), parameters, { ...settings, sharing: "gnn" })).toThrow(
      "unequal numbers of blocks",
    );
    tf.dispose(Object.values(parameters));
  });
});
