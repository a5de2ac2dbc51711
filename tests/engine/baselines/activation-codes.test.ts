import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend } from "../../../src-main/engine/backend/index.ts";
import { type Tensor, type Tensor4D, tf } from "../../../src-main/engine/backend/ops/tf.ts";
import type { Ops } from "../../../src-main/engine/backend/ops/types.ts";
import { nwot, swap } from "../../../src-main/engine/baselines/activation-codes.ts";
import { forward } from "../../../src-main/engine/network/forward.ts";
import type { NetworkPlan } from "../../../src-main/engine/network/plan-types.ts";
import { VariableWeights } from "../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../src-main/engine/random.ts";
import { buildPlan } from "../../../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../../../src-main/engine/spaces/cell/sampler.ts";
import { networkConfigSchema } from "../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../src-shared/domain/architecture/search-space.ts";

const network = networkConfigSchema.parse({ blocks: 2, initialChannels: 4, reductions: [1] });
const space = searchSpaceSchema.parse({ nodes: 4 });
let backend: Backend;

beforeAll(async () => {
  backend = await initBackend();
});

function noise(n: number, height: number, width: number, channels: number): Tensor4D {
  const rng = Rng.fromSeed(n, "images");
  return tf.tensor4d(
    Float32Array.from({ length: n * height * width * channels }, () => rng.normal()),
    [n, height, width, channels],
  );
}

/** The code of each image as a string of 0 and 1, read from the inputs of all ReLUs. */
function codesOf(plan: NetworkPlan, ops: Ops, weights: VariableWeights, images: Tensor4D): string[] {
  const codes = Array.from({ length: images.shape[0] }, () => "");
  const seen = new WeakSet<Tensor>();
  const read = (x: Tensor): void => {
    if (seen.has(x)) return;
    seen.add(x);
    const rows = tf.tidy(() => x.reshape([images.shape[0], -1]).arraySync()) as number[][];
    for (const [i, row] of rows.entries()) codes[i] += row.map((value) => (value > 0 ? "1" : "0")).join("");
  };
  const watched: Ops = Object.assign(Object.create(ops) as Ops, {
    relu: (x: Tensor) => {
      read(x);
      return ops.relu(x);
    },
    depthwiseConv2d: (x: Tensor4D, w: Tensor4D, stride: number, dilation: number, relu?: boolean) => {
      if (relu === true) read(x);
      return ops.depthwiseConv2d(x, w, stride, dilation, relu);
    },
  });
  tf.tidy(() => void forward(plan, watched, weights, images, { statistics: "batch" }));
  return codes;
}

/** log |det| by Gaussian elimination with pivots. */
function logDeterminant(matrix: number[][]): number {
  const rows = matrix.map((row) => [...row]);
  let log = 0;
  for (let c = 0; c < rows.length; c++) {
    rows.splice(c, rows.length - c, ...rows.slice(c).sort((a, b) => Math.abs(b[c] ?? 0) - Math.abs(a[c] ?? 0)));
    const pivot = rows[c] ?? [];
    log += Math.log(Math.abs(pivot[c] ?? 0));
    for (const row of rows.slice(c + 1)) {
      const factor = (row[c] ?? 0) / (pivot[c] ?? 0);
      for (let j = c; j < row.length; j++) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0);
    }
  }
  return log;
}

describe("codes of ReLUs", () => {
  it.each([
    { n: 3, height: 7, width: 10, channels: 3 },
    { n: 5, height: 9, width: 6, channels: 1 },
    { n: 60, height: 5, width: 5, channels: 2 },
  ])("NWOT and SWAP equal those of written-out codes, $n images of $height × $width × $channels", ({ n, height, width, channels }) => {
    const images = noise(n, height, width, channels);
    const rng = Rng.fromSeed(3, "cells");
    for (let i = 0; i < 4; i++) {
      const plan = buildPlan({ normal: sampleCell(space, rng) }, network, { height, width, channels, classes: 4 });
      const weights = new VariableWeights(plan, Rng.fromSeed(i, "init"));
      const codes = codesOf(plan, backend.ops, weights, images);
      const units = codes[0]?.length ?? 0;
      expect(units).toBeGreaterThan(100);
      const distance = (a: string, b: string): number => [...a].filter((bit, at) => bit !== b[at]).length;
      const kernel = codes.map((a) => codes.map((b) => units - distance(a, b)));
      expect(nwot(plan, backend.ops, weights, images)).toBeCloseTo(logDeterminant(kernel), 6);
      const patterns = new Set(Array.from({ length: units }, (_, unit) => codes.map((code) => code[unit]).join("")));
      expect(swap(plan, backend.ops, weights, images, Rng.fromSeed(0, "swap"))).toBe(patterns.size);
      weights.dispose();
    }
    images.dispose();
  });

  it("are not defined by NWOT, and are fewer for SWAP, if images are equal", () => {
    const images = noise(4, 8, 8, 3);
    const equal = tf.tidy(() => tf.tile(tf.slice(images, [0, 0, 0, 0], [2, 8, 8, 3]), [2, 1, 1, 1]) as Tensor4D);
    const plan = buildPlan({ normal: sampleCell(space, Rng.fromSeed(1, "cells")) }, network, { height: 8, width: 8, channels: 3, classes: 4 });
    const weights = new VariableWeights(plan, Rng.fromSeed(1, "init"));
    expect(nwot(plan, backend.ops, weights, equal)).toBe(Number.NEGATIVE_INFINITY);
    // Two different images have at most four patterns.
    expect(swap(plan, backend.ops, weights, equal, Rng.fromSeed(0, "swap"))).toBeLessThanOrEqual(4);
    expect(swap(plan, backend.ops, weights, images, Rng.fromSeed(0, "swap"))).toBeGreaterThan(4);
    weights.dispose();
    tf.dispose([images, equal]);
  });

  it("leave no tensor behind", () => {
    const images = noise(6, 7, 7, 3);
    const plan = buildPlan({ normal: sampleCell(space, Rng.fromSeed(2, "cells")) }, network, { height: 7, width: 7, channels: 3, classes: 4 });
    const weights = new VariableWeights(plan, Rng.fromSeed(1, "init"));
    const before = tf.memory().numTensors;
    nwot(plan, backend.ops, weights, images);
    swap(plan, backend.ops, weights, images, Rng.fromSeed(0, "swap"));
    expect(tf.memory().numTensors).toBe(before);
    weights.dispose();
    images.dispose();
  });
});
