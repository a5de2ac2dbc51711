import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../src-main/engine/backend/index.ts";
import { type Scalar, type Tensor, type Tensor2D, tf } from "../../../src-main/engine/backend/ops/tf.ts";
import { MlpHypernetwork } from "../../../src-main/engine/baselines/mlp-hypernetwork.ts";
import { SmashHypernetwork } from "../../../src-main/engine/baselines/smash-hypernetwork.ts";
import { selectRows } from "../../../src-main/engine/ghn/embedding/select-rows.ts";
import { GraphHyperNetwork } from "../../../src-main/engine/ghn/graph-hypernetwork.ts";
import type { Hypernetwork } from "../../../src-main/engine/ghn/hypernetwork.ts";
import { forward } from "../../../src-main/engine/network/forward.ts";
import type { NetworkPlan } from "../../../src-main/engine/network/plan-types.ts";
import { TensorWeights } from "../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { cellFamily } from "../../../src-main/engine/spaces/cell/network-family.ts";
import type { Cell } from "../../../src-shared/domain/architecture/cell.ts";
import { everyOperation, ghnConfig, INPUT, networkConfig, planOf, randomCell } from "../ghn/support/small.ts";

const NODES = 14;
const MAKERS = {
  smash: (seed = 1, network = networkConfig()) =>
    new SmashHypernetwork(ghnConfig({ generator: "smash" }), NODES, cellFamily(network, INPUT), Rng.fromSeed(seed, "init")),
  mlp: (seed = 1, network = networkConfig()) => new MlpHypernetwork(ghnConfig({ generator: "mlp" }), cellFamily(network, INPUT), Rng.fromSeed(seed, "init")),
} as const;
const KINDS = ["smash", "mlp"] as const;

let backend: Backend;
beforeAll(async () => {
  backend = await initBackend();
});

function values(generator: Hypernetwork, plans: readonly NetworkPlan[]): Map<string, Float32Array>[] {
  const generated = generator.generate(plans);
  const result = generated.map((weights) => new Map([...weights].map(([id, weight]) => [id, Float32Array.from(weight.dataSync())])));
  for (const weights of generated) tf.dispose([...weights.values()]);
  return result;
}

function within<T>(generator: Hypernetwork, use: (generator: Hypernetwork) => T): T {
  try {
    return use(generator);
  } finally {
    generator.dispose();
  }
}

/** One graph with its nodes listed in two orders. */
const LISTED: Cell = {
  nodes: [
    { operation: "sepConv3x3", inputs: [0] },
    { operation: "conv1x1", inputs: [1] },
    { operation: "avgPool3x3", inputs: [2, 3] },
  ],
};
const RELISTED: Cell = {
  nodes: [
    { operation: "conv1x1", inputs: [1] },
    { operation: "sepConv3x3", inputs: [0] },
    { operation: "avgPool3x3", inputs: [2, 3] },
  ],
};

describe.each(KINDS)("%s hypernetwork", (kind) => {
  it("generates every weight in its shape, for cells of several sizes, reduction cells and all operations", () => {
    within(MAKERS[kind](), (generator) => {
      for (const plan of [planOf(everyOperation()), planOf(randomCell("a", 7)), planOf(randomCell("b", 3), networkConfig(), randomCell("c", 6))]) {
        const [weights] = values(generator, [plan]);
        expect([...(weights?.keys() ?? [])].sort()).toEqual(plan.slots.map(({ id }) => id).sort());
        tf.tidy(() => {
          const [tensors] = generator.generate([plan]);
          for (const slot of plan.slots) expect(tensors?.get(slot.id)?.shape, slot.id).toEqual([...slot.shape]);
        });
        for (const weight of weights?.values() ?? []) expect(weight.every(Number.isFinite)).toBe(true);
      }
    });
  });

  it("is reproducible and gives a cell of a batch the same weights as alone", () => {
    const plans = [planOf(randomCell("a", 5)), planOf(randomCell("b", 9)), planOf(everyOperation(), networkConfig(), randomCell("d", 3))];
    const of = (seed: number) => within(MAKERS[kind](seed), (generator) => values(generator, plans));
    const together = of(1);
    expect(of(1)).toEqual(together);
    expect(of(2)).not.toEqual(together);
    within(MAKERS[kind](), (generator) =>
      plans.forEach((plan, i) => {
        const [alone] = values(generator, [plan]);
        for (const [id, weight] of alone ?? []) {
          const other = together[i]?.get(id) ?? new Float32Array(0);
          // Matrix products of different sizes sum in different orders.
          expect(
            weight.reduce((most, value, k) => Math.max(most, Math.abs(value - (other[k] ?? Number.NaN))), 0),
            id,
          ).toBeLessThan(1e-5);
        }
      }),
    );
  });

  it("has gradients that agree with finite differences, for every parameter", () => {
    const network = networkConfig({ blocks: 2, reductions: [1] });
    within(MAKERS[kind](1, network), (generator) => {
      const plans = [planOf(everyOperation(), network), planOf(randomCell("a", 3), network)];
      // Smooth in the weights: the kinks of a network would spoil finite differences.
      const loss = (): Scalar =>
        tf
          .addN(
            generator
              .generate(plans)
              .flatMap((weights) => [...weights.values()].map((weight, i) => tf.sum(tf.mul(weight, tf.cos(tf.add(tf.mul(weight, 2), i)))) as Tensor)),
          )
          .asScalar();
      const { value, grads } = tf.variableGrads(loss, [...generator.variables]);
      const rng = Rng.fromSeed(1, "directions");
      for (const variable of generator.variables) {
        const gradient = Array.from(grads[variable.name]?.dataSync() ?? []);
        const norm = Math.hypot(...gradient);
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
        const product = gradient.reduce((sum, one, i) => sum + one * (direction[i] ?? 0), 0);
        // Float32, curvature and the kinks of the hypernetwork's ReLU leave a few percent.
        expect(Math.abs(difference - product), variable.name).toBeLessThan(0.05 * Math.max(norm, 0.1));
      }
      tf.dispose([value]);
      tf.dispose(grads);
    });
  });

  it("learns, and leaves no tensor behind", () => {
    const network = networkConfig({ blocks: 2, reductions: [1] });
    const before = tf.memory().numTensors;
    within(MAKERS[kind](1, network), (generator) => {
      const optimizer = backend.createAdam(
        generator.variables.map((variable) => ({ variable })),
        { clipNorm: 5 },
      );
      const plan = planOf(randomCell("a", 3), network);
      const rng = Rng.fromSeed(1, "images");
      const images = tf.tensor4d(
        Float32Array.from({ length: 12 * 64 }, (_, i) => rng.normal() + (Math.floor((i % 64) / 8) === 2 * (Math.floor(i / 64) % 3) + 1 ? 3 : 0)),
        [12, 8, 8, 1],
      );
      const labels = tf.tensor1d(
        Array.from({ length: 12 }, (_, i) => i % 3),
        "int32",
      );
      const tensors: number[] = [];
      const losses = Array.from({ length: 30 }, () => {
        const { value, grads } = tf.variableGrads(() => {
          const [weights] = generator.generate([plan]);
          const { logits } = forward(plan, backend.ops, new TensorWeights(weights ?? new Map()), images, { statistics: "batch" });
          return backend.ops.softmaxCrossEntropy(logits, labels).mean().asScalar();
        }, [...generator.variables]);
        optimizer.apply(grads, 0.01);
        const loss = value.dataSync()[0] ?? Number.NaN;
        tf.dispose(value);
        tf.dispose(grads);
        tensors.push(tf.memory().numTensors);
        return loss;
      });
      expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] ?? 0));
      expect(new Set(tensors.slice(-10)).size).toBe(1);
      optimizer.dispose();
      tf.dispose([images, labels]);
    });
    // TensorFlow's kernels keep a few constants; a leak would grow with the thirty steps.
    expect(tf.memory().numTensors - before).toBeLessThan(30);
  });
});

describe("MLP hypernetwork", () => {
  it("computes what a GHN without message passing computes, without the parameters of a GNN", () => {
    const plans = [planOf(everyOperation()), planOf(randomCell("a", 7))];
    const ghn = new GraphHyperNetwork(ghnConfig({ propagationSteps: 0 }), cellFamily(networkConfig(), INPUT), Rng.fromSeed(3, "init"));
    const all = ghn.exportWeights();
    const expected = values(ghn, plans);
    ghn.dispose();
    within(MAKERS.mlp(), (mlp) => {
      mlp.importWeights(Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith("gnn/"))));
      const own = values(mlp, plans);
      own.forEach((weights, i) => {
        for (const [id, weight] of weights)
          expect(Math.max(...weight.map((value, k) => Math.abs(value - (expected[i]?.get(id)?.[k] ?? Number.NaN)))), id).toBeLessThan(1e-5);
      });
    });
  });

  it("ignores the graph: equal operations get equal weights, in isomorphic and in other cells", () => {
    within(MAKERS.mlp(), (mlp) => {
      const [listed, relisted] = values(mlp, [planOf(LISTED), planOf(RELISTED)]);
      expect(listed?.get("block1/node2/sep0/pointwise")).toEqual(relisted?.get("block1/node3/sep0/pointwise"));
      const other: Cell = { nodes: LISTED.nodes.map((node, i) => (i === 2 ? { ...node, inputs: [0, 2] } : node)) };
      const [rewired] = values(mlp, [planOf(other)]);
      expect(rewired?.get("block1/node2/sep0/pointwise")).toEqual(listed?.get("block1/node2/sep0/pointwise"));
    });
  });
});

describe("SMASH-style hypernetwork", () => {
  it("sees the whole cell: a distant change changes a node's weights", () => {
    within(MAKERS.smash(), (smash) => {
      const other: Cell = { nodes: LISTED.nodes.map((node, i) => (i === 2 ? { ...node, inputs: [0, 2, 3] } : node)) };
      const [a, b] = values(smash, [planOf(LISTED), planOf(other)]);
      expect(a?.get("block1/node2/sep0/pointwise")).not.toEqual(b?.get("block1/node2/sep0/pointwise"));
    });
  });

  it("gives two orders of one graph different weights, unlike a GHN", () => {
    const differences = (generator: Hypernetwork): number => {
      const [listed, relisted] = values(generator, [planOf(LISTED), planOf(RELISTED)]);
      const other = relisted?.get("block1/node3/sep0/pointwise");
      return Math.max(...(listed?.get("block1/node2/sep0/pointwise") ?? []).map((value, i) => Math.abs(value - (other?.[i] ?? Number.NaN))));
    };
    expect(within(MAKERS.smash(), differences)).toBeGreaterThan(1e-3);
    // Messages are added in a different order, so there are rounding errors.
    expect(within(new GraphHyperNetwork(ghnConfig(), cellFamily(networkConfig(), INPUT), Rng.fromSeed(1, "init")), differences)).toBeLessThan(1e-5);
  });

  it("refuses cells that are too large for its tensor", () => {
    within(MAKERS.smash(), (smash) => expect(() => smash.generate([planOf(randomCell("a", NODES + 1))])).toThrow(`at most ${NODES} nodes`));
  });
});

describe("selected rows", () => {
  it("are picked in any order, and their gradients add up", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      const select = Int32Array.of(2, -1, 0, 2);
      expect(Array.from(selectRows(x, select).dataSync())).toEqual([5, 6, 0, 0, 1, 2, 5, 6]);
      const factors = tf.tensor2d([1, 10, 100, 1000, 2, 20, 3, 30], [4, 2]);
      const gradient = tf.grad((y) => tf.sum(tf.mul(selectRows(y as Tensor2D, select), factors)))(x);
      expect(Array.from(gradient.dataSync())).toEqual([2, 20, 0, 0, 4, 40]);
    });
  });
});
