import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../src-main/engine/backend/index.ts";
import { type Tensor1D, type Tensor4D, tf } from "../../../src-main/engine/backend/ops/tf.ts";
import type { Ops } from "../../../src-main/engine/backend/ops/types.ts";
import { proxyScores } from "../../../src-main/engine/baselines/zero-cost-proxies.ts";
import { forward } from "../../../src-main/engine/network/forward.ts";
import type { NetworkPlan } from "../../../src-main/engine/network/plan-types.ts";
import { VariableWeights } from "../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../../../src-main/engine/spaces/cell/sampler.ts";
import { networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";

const input = { height: 8, width: 8, channels: 3, classes: 4 };
const network = networkConfigSchema.parse({ blocks: 2, initialChannels: 4, reductions: [1] });
const space = searchSpaceSchema.parse({ nodes: 3 });
let backend: Backend;
let images: Tensor4D;
let labels: Tensor1D;

beforeAll(async () => {
  backend = await initBackend();
  const rng = Rng.fromSeed(1, "images");
  images = tf.tensor4d(
    Float32Array.from({ length: 6 * 8 * 8 * 3 }, () => rng.normal()),
    [6, 8, 8, 3],
  );
  labels = tf.tensor1d([0, 1, 2, 3, 0, 1], "int32");
});

/** Synaptic flow without scaling, for networks that are too small to overflow. */
function plainSynflow(plan: NetworkPlan, ops: Ops, rng: Rng): number {
  const weights = new VariableWeights(plan, rng);
  const variables = weights.entries().flatMap(({ variable, decays }) => (decays ? [variable] : []));
  const plain: Ops = Object.assign(Object.create(ops) as Ops, {
    batchNormTrain: (x: Tensor4D, gamma: Tensor1D) => ({ y: x, mean: tf.zerosLike(gamma), variance: tf.onesLike(gamma) }),
  });
  const flow = tf.tidy(() => {
    for (const variable of variables) variable.assign(tf.abs(variable));
    const ones = tf.ones([1, input.height, input.width, input.channels]) as Tensor4D;
    const { grads } = tf.variableGrads(() => forward(plan, plain, weights, ones, { statistics: "batch" }).logits.sum().asScalar(), variables);
    return variables.reduce(
      (sum, variable) =>
        sum +
        (tf
          .mul(variable, grads[variable.name] ?? 0)
          .sum()
          .dataSync()[0] ?? 0),
      0,
    );
  });
  weights.dispose();
  return Math.log(flow);
}

describe("zero-cost proxies", () => {
  it("synaptic flow equals that of the network without scaling where float32 can hold it", () => {
    const rng = Rng.fromSeed(2, "cells");
    for (let i = 0; i < 8; i++) {
      const plan = buildPlan({ normal: sampleCell(space, rng) }, network, input);
      const scores = proxyScores(plan, backend.ops, images, labels, Rng.fromSeed(i, "init"));
      // Float32 sums over some thousand terms: five digits of the logarithm.
      expect(scores.synflow).toBeCloseTo(plainSynflow(plan, backend.ops, Rng.fromSeed(i, "init")), 3);
    }
  });

  it("synaptic flow by hand: a stem, a bottleneck and a classifier over an identity", () => {
    // One block, one identity node on input 0: logits = W · mean(bottleneck · relu(stem * ones)). Each of the three weights takes part in
    // every path once, so the flow is three times the sum of the logits.
    const tiny = networkConfigSchema.parse({ blocks: 1, initialChannels: 4, reductions: [] });
    const plan = buildPlan({ normal: { nodes: [{ operation: "identity", inputs: [0] }] } }, tiny, input);
    const weights = new VariableWeights(plan, Rng.fromSeed(5, "init"));
    const values = Object.values(weights.export()).filter(({ shape }) => shape.length > 1);
    weights.dispose();
    const [stem, bottleneck, classifier] = values.map(({ values: list }) => list.map(Math.abs));
    if (stem === undefined || bottleneck === undefined || classifier === undefined) throw new Error("Expected three weights.");
    // Mean of the stem's output on an image of ones with zero padding: each kernel position covers the share of pixels where it is inside the image.
    const share = (k: number): number => (k === 1 ? 1 : 7 / 8);
    const hidden = [0, 1, 2, 3].map((c) => {
      let sum = 0;
      for (let ky = 0; ky < 3; ky++)
        for (let kx = 0; kx < 3; kx++) for (let ch = 0; ch < 3; ch++) sum += (stem[((ky * 3 + kx) * 3 + ch) * 4 + c] ?? 0) * share(ky) * share(kx);
      return sum;
    });
    const mixed = [0, 1, 2, 3].map((o) => hidden.reduce((sum, value, c) => sum + value * (bottleneck[c * 4 + o] ?? 0), 0));
    const total = mixed.reduce((sum, value, c) => sum + [0, 1, 2, 3].reduce((inner, k) => inner + value * (classifier[c * 4 + k] ?? 0), 0), 0);
    const { synflow } = proxyScores(plan, backend.ops, images, labels, Rng.fromSeed(5, "init"));
    expect(synflow).toBeCloseTo(Math.log(3 * total), 4);
  });

  it("synaptic flow stays finite where float32 cannot hold it", () => {
    const deep = networkConfigSchema.parse({ blocks: 12, initialChannels: 4, reductions: [4, 8] });
    const plan = buildPlan({ normal: sampleCell(searchSpaceSchema.parse({ nodes: 12 }), Rng.fromSeed(3, "cells")) }, deep, input);
    const { synflow } = proxyScores(plan, backend.ops, images, labels, Rng.fromSeed(1, "init"));
    expect(Number.isFinite(synflow)).toBe(true);
    // Beyond the largest float32, e^88.7.
    expect(synflow).toBeGreaterThan(100);
  });

  it("jacobian covariance of equal images has one eigenvalue n, the others are 0", () => {
    const plan = buildPlan({ normal: sampleCell(space, Rng.fromSeed(4, "cells")) }, network, input);
    const same = tf.tidy(() => tf.tile(tf.slice(images, [0, 0, 0, 0], [1, 8, 8, 3]), [4, 1, 1, 1]) as Tensor4D);
    const different = tf.tidy(() => tf.slice(images, [0, 0, 0, 0], [4, 8, 8, 3]) as Tensor4D);
    const few = tf.tensor1d([0, 1, 2, 3], "int32");
    const worst = proxyScores(plan, backend.ops, same, few, Rng.fromSeed(1, "init")).jacobianCovariance;
    const k = 1e-5;
    const expected = -(Math.log(4 + k) + 1 / (4 + k) + 3 * (Math.log(k) + 1 / k));
    // Rounding moves the zero eigenvalues by about 1e-7, a hundredth of the floor.
    expect(worst / expected).toBeCloseTo(1, 1);
    expect(proxyScores(plan, backend.ops, different, few, Rng.fromSeed(1, "init")).jacobianCovariance).toBeGreaterThan(worst);
    tf.dispose([same, different, few]);
  });

  it("gradient norm follows the loss: finite differences along the gradient of one weight", () => {
    const plan = buildPlan({ normal: sampleCell(space, Rng.fromSeed(6, "cells")) }, network, input);
    const weights = new VariableWeights(plan, Rng.fromSeed(7, "init"));
    const loss = (): number =>
      tf.tidy(
        () =>
          backend.ops
            .softmaxCrossEntropy(forward(plan, backend.ops, weights, images, { statistics: "batch" }).logits, labels)
            .mean()
            .dataSync()[0] ?? 0,
      );
    const variables = weights.entries().flatMap(({ variable, decays }) => (decays ? [variable] : []));
    let total = 0;
    for (const variable of variables) {
      const gradient = tf.tidy(() =>
        tf
          .variableGrads(
            () =>
              backend.ops
                .softmaxCrossEntropy(forward(plan, backend.ops, weights, images, { statistics: "batch" }).logits, labels)
                .mean()
                .asScalar(),
            [variable],
          )
          .grads[variable.name]?.clone(),
      );
      if (gradient === undefined) throw new Error("No gradient.");
      const norm = tf.tidy(() => gradient.norm().dataSync()[0] ?? 0);
      if (norm > 1e-3) {
        const step = 1e-3 / norm;
        const before = variable.clone();
        tf.tidy(() => variable.assign(before.add(gradient.mul(step))));
        const up = loss();
        tf.tidy(() => variable.assign(before.sub(gradient.mul(step))));
        const down = loss();
        tf.tidy(() => variable.assign(before));
        before.dispose();
        total += (up - down) / 2e-3;
      } else total += norm;
      gradient.dispose();
    }
    weights.dispose();
    const { gradientNorm } = proxyScores(plan, backend.ops, images, labels, Rng.fromSeed(7, "init"));
    // Central differences of a float32 loss with kinks (ReLU): a few percent.
    expect(gradientNorm / total).toBeGreaterThan(0.93);
    expect(gradientNorm / total).toBeLessThan(1.07);
  });

  it("leaves no tensor behind", () => {
    const plan = buildPlan({ normal: sampleCell(space, Rng.fromSeed(8, "cells")) }, network, input);
    const before = tf.memory().numTensors;
    proxyScores(plan, backend.ops, images, labels, Rng.fromSeed(1, "init"));
    expect(tf.memory().numTensors).toBe(before);
  });
});
