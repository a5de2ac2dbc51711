import { beforeAll, describe, expect, it } from "vitest";
import {
  type Backend,
  initBackend,
  type Ops,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tf,
} from "../../../../src-main/engine/backend/index.ts";
import { CURVED, distance, expectDirectionalGradients, expectGradients, expectValues, gradients, LINEAR, PIECEWISE, scoped, tensor } from "./check.ts";
import { convolution, crossEntropy, dense, distinct, maxPoolGradient, normalise, pool, random, statistics, withTies } from "./reference.ts";

/** [n, h, w, c]: odd, even, not square, and smaller than the window. */
const IMAGES = [
  [2, 5, 6, 3],
  [1, 8, 7, 2],
  [2, 4, 4, 4],
  [1, 2, 3, 2],
] as const;

/** Large enough for kernels that are used for large sizes only. */
const LARGE = [16, 16, 16, 16] as const;

const EPSILON = 1e-3;

/** The whole contract of `Ops` for one backend. A process has one backend, so each backend has its own test file. */
export function describeOps(prefer: "tensorflow" | "wasm"): void {
  let backend: Backend;
  let ops: Ops;

  beforeAll(async () => {
    backend = await initBackend({ prefer });
    ops = backend.ops;
  });

  it("names itself", () => {
    expect(backend.name).toMatch(prefer === "wasm" ? /^wasm$/ : /^tensorflow-/);
    expect(backend.device).not.toBe("");
    expect(backend.libraryVersion).toMatch(/\d+\.\d+/);
    expect(backend.fallbackReason).toBeUndefined();
  });

  describe.each([
    { stride: 1, dilation: 1 },
    { stride: 2, dilation: 1 },
    { stride: 1, dilation: 2 },
    { stride: 2, dilation: 2 },
    { stride: 3, dilation: 3 },
  ])("convolutions, stride $stride, dilation $dilation", ({ stride, dilation }) => {
    it.each(IMAGES.map((shape) => ({ shape })))("conv2d of [$shape]", ({ shape }) => {
      for (const [kh, kw] of [
        [1, 1],
        [3, 3],
        [1, 7],
        [5, 2],
      ] as const) {
        const x = random(shape, 1);
        const w = random([kh, kw, shape[3], 3], 2);
        const f = (...[a, b]: Tensor[]): Tensor => ops.conv2d(a as Tensor4D, b as Tensor4D, stride, dilation);
        tf.tidy(() => expectValues(f(tensor(x), tensor(w)), convolution(x, w, stride, dilation, false)));
        expectGradients(f, [x, w], LINEAR);
      }
    });

    it.each(IMAGES.map((shape) => ({ shape })))("depthwiseConv2d of [$shape]", ({ shape }) => {
      for (const k of [3, 5]) {
        const x = random(shape, 3);
        const w = random([k, k, shape[3], 1], 4);
        const f = (...[a, b]: Tensor[]): Tensor => ops.depthwiseConv2d(a as Tensor4D, b as Tensor4D, stride, dilation);
        tf.tidy(() => expectValues(f(tensor(x), tensor(w)), convolution(x, w, stride, dilation, true)));
        expectGradients(f, [x, w], LINEAR);
      }
    });

    // Values stay away from zero, so that finite differences do not cross the kink.
    it.each(IMAGES.map((shape) => ({ shape })))("depthwiseConv2d with ReLU of [$shape]", ({ shape }) => {
      for (const k of [3, 5, 7]) {
        const x = distinct(shape, 3);
        const w = random([k, k, shape[3], 1], 4);
        const f = (...[a, b]: Tensor[]): Tensor => ops.depthwiseConv2d(a as Tensor4D, b as Tensor4D, stride, dilation, true);
        const positive = dense(
          x.shape,
          x.values.map((value) => Math.max(0, value)),
        );
        tf.tidy(() => expectValues(f(tensor(x), tensor(w)), convolution(positive, w, stride, dilation, true)));
        expectGradients(f, [x, w], PIECEWISE);
      }
    });

    it("at ordinary sizes", () => {
      const x = random(LARGE, 5);
      const full = random([3, 3, 16, 16], 6);
      const single = random([3, 3, 16, 1], 7);
      const conv = (...[a, b]: Tensor[]): Tensor => ops.conv2d(a as Tensor4D, b as Tensor4D, stride, dilation);
      const depthwise = (...[a, b]: Tensor[]): Tensor => ops.depthwiseConv2d(a as Tensor4D, b as Tensor4D, stride, dilation);
      tf.tidy(() => expectValues(depthwise(tensor(x), tensor(single)), convolution(x, single, stride, dilation, true)));
      tf.tidy(() => expectValues(conv(tensor(x), tensor(full)), convolution(x, full, stride, dilation, false)));
      expectDirectionalGradients(conv, [x, full], LINEAR);
      expectDirectionalGradients(depthwise, [x, single], LINEAR);
    });
  });

  // oneDNN's kernel writes beyond its buffer here from a certain size on; the damage shows up some allocations later.
  it("1 × 1 convolutions with a stride, repeatedly, at the sizes of training batches", () => {
    const [n, side, cin, cout] = [64, 32, 8, 16];
    const x = tf.ones([n, side, side, cin]) as Tensor4D;
    const w = tf.ones([1, 1, cin, cout]) as Tensor4D;
    for (let i = 0; i < 10; i++) {
      tf.tidy(() => {
        const [dx, dw] = tf.grads((a: Tensor, b: Tensor) => ops.conv2d(a as Tensor4D, b as Tensor4D, 2, 1).sum())([x, w]);
        expect(dw?.min().dataSync()[0]).toBeCloseTo((n * side * side) / 4, 0);
        expect(dw?.max().dataSync()[0]).toBeCloseTo((n * side * side) / 4, 0);
        expect(dx?.sum().dataSync()[0]).toBeCloseTo(((n * side * side) / 4) * cin * cout, -1);
        for (let k = 1; k < 30; k++) tf.ones([k * 97]).dataSync();
      });
    }
    tf.dispose([x, w]);
  });

  it("computes the gradient of weights without that of images", () => {
    tf.tidy(() => {
      const x = tensor<Tensor4D>(random([2, 4, 4, 2], 1));
      const w = tensor<Tensor4D>(random([3, 3, 2, 2], 2));
      const gradient = tf.grad((weights: Tensor) => tf.sum(ops.conv2d(x, weights as Tensor4D, 1, 1)))(w);
      expect(gradient.shape).toEqual([3, 3, 2, 2]);
    });
  });

  describe("batch norm", () => {
    it.each([...IMAGES, LARGE].map((shape) => ({ shape })))("in training on [$shape]", ({ shape }) => {
      const [x, gamma, beta] = [random(shape, 1), random([shape[3]], 2), random([shape[3]], 3)];
      const { mean, biased, unbiased } = statistics(x);
      tf.tidy(() => {
        const result = ops.batchNormTrain(tensor(x), tensor(gamma), tensor(beta), EPSILON);
        expectValues(result.y, normalise(x, mean, biased, gamma, beta, EPSILON));
        expectValues(result.mean, dense([shape[3]], mean));
        expectValues(result.variance, dense([shape[3]], unbiased));
      });
      const f = (...[a, b, c]: Tensor[]): Tensor => ops.batchNormTrain(a as Tensor4D, b as Tensor1D, c as Tensor1D, EPSILON).y;
      if (shape === LARGE) expectDirectionalGradients(f, [x, gamma, beta], CURVED);
      else expectGradients(f, [x, gamma, beta], CURVED);
    });

    it("keeps its precision when the mean is large", () => {
      const x = random(LARGE, 1);
      const shifted = { shape: x.shape, values: Float64Array.from(Float32Array.from(x.values, (value) => value + 10)) };
      const { mean, biased } = statistics(shifted);
      const [gamma, beta] = [random([16], 2), random([16], 3)];
      tf.tidy(() =>
        expectValues(ops.batchNormTrain(tensor(shifted), tensor(gamma), tensor(beta), EPSILON).y, normalise(shifted, mean, biased, gamma, beta, EPSILON), 1e-4),
      );
    });

    it("has no gradient through mean and variance", () => {
      tf.tidy(() => {
        const x = tensor<Tensor4D>(random([2, 3, 3, 2], 1));
        const [gamma, beta] = [tensor<Tensor1D>(random([2], 2)), tensor<Tensor1D>(random([2], 3))];
        const gradient = tf.grad((input: Tensor) => {
          const { y, mean, variance } = ops.batchNormTrain(input as Tensor4D, gamma, beta, EPSILON);
          return tf.add(tf.mul(tf.sum(y), 0), tf.add(tf.sum(mean), tf.sum(variance)));
        })(x);
        expect(Math.max(...gradient.dataSync().map(Math.abs))).toBeLessThan(1e-6);
      });
    });

    it.each(IMAGES.map((shape) => ({ shape })))("in inference on [$shape]", ({ shape }) => {
      const [x, gamma, beta, mean] = [random(shape, 1), random([shape[3]], 2), random([shape[3]], 3), random([shape[3]], 4)];
      const variance = dense(
        [shape[3]],
        random([shape[3]], 5).values.map((value) => value + 1.5),
      );
      const f = (...[a, b, c]: Tensor[]): Tensor =>
        ops.batchNormInference(a as Tensor4D, b as Tensor1D, c as Tensor1D, tensor(mean), tensor(variance), EPSILON);
      tf.tidy(() => expectValues(f(tensor(x), tensor(gamma), tensor(beta)), normalise(x, [...mean.values], [...variance.values], gamma, beta, EPSILON)));
      expectGradients(f, [x, gamma, beta], LINEAR);
    });
  });

  it("relu", () => {
    const x = distinct([2, 5, 6, 3], 1);
    const f = (...[a]: Tensor[]): Tensor => ops.relu(a as Tensor4D);
    tf.tidy(() => expectValues(f(tensor(x)), { shape: x.shape, values: x.values.map((value) => Math.max(0, value)) }));
    expectGradients(f, [x], PIECEWISE);
    const atZero = gradients(f, [dense([3], [0, 1, -1])]);
    expect(atZero.gradients[0]?.values.map(Math.abs)).toEqual(Float64Array.of(0, Math.abs(atZero.coefficients.values[1] ?? 0), 0));
  });

  describe.each([
    { window: 3, stride: 1 },
    { window: 3, stride: 2 },
    { window: 2, stride: 1 },
    { window: 2, stride: 2 },
  ])("pools, window $window, stride $stride", ({ window, stride }) => {
    const max = (...[a]: Tensor[]): Tensor => ops.maxPool(a as Tensor4D, window, stride);
    const avg = (...[a]: Tensor[]): Tensor => ops.avgPool(a as Tensor4D, window, stride);

    it.each(IMAGES.map((shape) => ({ shape })))("of [$shape]", ({ shape }) => {
      const x = distinct(shape, 1);
      tf.tidy(() => {
        expectValues(max(tensor(x)), pool(x, window, stride, "max"));
        expectValues(avg(tensor(x)), pool(x, window, stride, "avg"));
      });
      expectGradients(max, [x], PIECEWISE);
      expectGradients(avg, [x], LINEAR);
    });

    it("with only negative values", () => {
      const x = distinct([1, 4, 5, 2], 1);
      const below = { shape: x.shape, values: Float64Array.from(Float32Array.from(x.values, (value) => value - 10)) };
      expectGradients(max, [below], PIECEWISE);
    });

    it.each([{ shape: [2, 6, 5, 3] }, { shape: [...LARGE] }])("the first of equal maxima gets the gradient, [$shape]", ({ shape }) => {
      const x = withTies(shape, 1);
      const { gradients: actual, coefficients } = gradients(max, [x]);
      expect(distance(actual[0] ?? dense([], []), maxPoolGradient(x, coefficients, window, stride))).toBeLessThan(1e-5);
    });

    it("at ordinary sizes", () => {
      const x = random(LARGE, 1);
      tf.tidy(() => {
        expectValues(max(tensor(x)), pool(x, window, stride, "max"));
        expectValues(avg(tensor(x)), pool(x, window, stride, "avg"));
      });
      const { gradients: actual, coefficients } = gradients(max, [x]);
      expect(distance(actual[0] ?? dense([], []), maxPoolGradient(x, coefficients, window, stride))).toBeLessThan(1e-5);
      expectDirectionalGradients(avg, [x], LINEAR);
    });
  });

  it("globalAveragePool", () => {
    const x = random([2, 3, 4, 5], 1);
    const f = (...[a]: Tensor[]): Tensor => ops.globalAveragePool(a as Tensor4D);
    const expected = dense(
      [2, 5],
      Array.from(
        { length: 10 },
        (_, i) => Array.from({ length: 12 }, (_, p) => x.values[Math.floor(i / 5) * 60 + p * 5 + (i % 5)] ?? 0).reduce((a, b) => a + b) / 12,
      ),
    );
    tf.tidy(() => expectValues(f(tensor(x)), expected));
    expectGradients(f, [x], LINEAR);
  });

  it("softmaxCrossEntropy", () => {
    const logits = dense(
      [4, 3],
      random([4, 3], 1).values.map((value) => 3 * value),
    );
    const labels = [2, 0, 1, 1];
    const f = (...[a]: Tensor[]): Tensor => ops.softmaxCrossEntropy(a as Tensor2D, tf.tensor1d(labels, "int32"));
    tf.tidy(() => expectValues(f(tensor(logits)), crossEntropy(logits, labels)));
    expectGradients(f, [logits], CURVED);
  });

  it("softmaxCrossEntropy of huge logits stays finite", () => {
    tf.tidy(() => {
      const losses = ops
        .softmaxCrossEntropy(
          tf.tensor2d([
            [1e4, -1e4],
            [0, 1e4],
          ]),
          tf.tensor1d([0, 0], "int32"),
        )
        .dataSync();
      expect([...losses]).toEqual([0, 1e4]);
    });
  });

  it("resizeNearest", () => {
    for (const factor of [2, 3]) {
      const x = random([2, 2, 3, 2], 1);
      const f = (...[a]: Tensor[]): Tensor => ops.resizeNearest(a as Tensor4D, factor);
      const expected: number[] = [];
      for (let b = 0; b < 2; b++)
        for (let i = 0; i < 2 * factor; i++)
          for (let j = 0; j < 3 * factor; j++)
            for (let c = 0; c < 2; c++) expected.push(x.values[((b * 2 + Math.floor(i / factor)) * 3 + Math.floor(j / factor)) * 2 + c] ?? 0);
      tf.tidy(() => expectValues(f(tensor(x)), dense([2, 2 * factor, 3 * factor, 2], expected)));
      expectGradients(f, [x], LINEAR);
    }
  });

  it("matMul, concatChannels, addN, reshape, slice, unstack and dropPath", () => {
    const x = random([2, 2, 3, 2], 1);
    const other = random([2, 2, 3, 2], 2);
    expectGradients((...[a, b]) => ops.matMul(a as Tensor2D, b as Tensor2D), [random([3, 4], 1), random([4, 2], 2)], LINEAR);
    expectGradients((...[a, b]) => ops.matMul(a as Tensor2D, b as Tensor2D, true, true), [random([4, 3], 1), random([2, 4], 2)], LINEAR);
    expectGradients((...[a, b]) => ops.concatChannels([a as Tensor4D, b as Tensor4D, a as Tensor4D]), [x, other], LINEAR);
    expectGradients((...[a, b]) => ops.addN([a as Tensor4D, b as Tensor4D, a as Tensor4D]), [x, other], LINEAR);
    expectGradients((...[a]) => ops.addN([a as Tensor4D]), [x], LINEAR);
    expectGradients((...[a]) => ops.reshape(a as Tensor4D, [4, 6]), [x], LINEAR);
    expectGradients((...[a]) => ops.slice(a as Tensor4D, [0, 1, 1, 0], [2, 1, 2, 1]), [x], LINEAR);
    expectGradients((...[a]) => tf.mul(ops.unstack(a as Tensor4D)[1] as Tensor, 3), [x], LINEAR);
    scoped(() =>
      expect(ops.unstack(tensor(x)).map((part) => part.shape)).toEqual([
        [2, 3, 2],
        [2, 3, 2],
      ]),
    );
    const mask = dense([2, 1, 1, 1], [0, 1.25]);
    expectGradients((...[a]) => ops.dropPath(a as Tensor4D, tensor(mask)), [x], LINEAR);
    tf.tidy(() => expectValues(ops.dropPath(tensor(x), tensor(mask)), { shape: x.shape, values: x.values.map((value, i) => (i < 12 ? 0 : 1.25 * value)) }));
  });

  it("rejects shapes and counts that do not fit, and names the operation", () => {
    tf.tidy(() => {
      const x = tf.zeros([1, 4, 4, 2]) as Tensor4D;
      expect(() => ops.conv2d(x, tf.zeros([3, 3, 3, 1]), 1, 1)).toThrow("conv2d: x has 2 channels, but w takes 3");
      expect(() => ops.depthwiseConv2d(x, tf.zeros([3, 3, 2, 2]), 1, 1)).toThrow("depthwiseConv2d");
      expect(() => ops.conv2d(x, tf.zeros([3, 3, 2, 1]), 0, 1)).toThrow("stride must be a positive whole number");
      expect(() => ops.conv2d(x, tf.zeros([3, 3, 2, 1]), 2, 3)).toThrow("stride 2 with dilation 3");
      expect(() => ops.batchNormTrain(x, tf.zeros([3]), tf.zeros([2]), EPSILON)).toThrow("gamma must have shape [2]");
      expect(() => ops.addN([])).toThrow("empty");
      expect(() => ops.dropPath(x, tf.zeros([2, 1, 1, 1]))).toThrow("keepMask");
      expect(() => ops.softmaxCrossEntropy(tf.zeros([2, 3]), tf.zeros([2]))).toThrow("int32 labels");
    });
  });

  it("leaks no tensor after a step", () => {
    const x = tensor<Tensor4D>(random([2, 8, 8, 4], 1));
    const w = tf.variable(tensor<Tensor4D>(random([3, 3, 4, 4], 2)));
    const d = tf.variable(tensor<Tensor4D>(random([3, 3, 4, 1], 3)));
    const [gamma, beta] = [tf.variable(tf.ones([4]) as Tensor1D), tf.variable(tf.zeros([4]) as Tensor1D)];
    const labels = tf.tensor1d([0, 3], "int32");
    const step = (): void => {
      const { value, grads } = tf.variableGrads(() => {
        let h: Tensor4D = ops.conv2d(x, w as Tensor4D, 1, 1);
        h = ops.relu(ops.batchNormTrain(h, gamma as Tensor1D, beta as Tensor1D, EPSILON).y);
        h = ops.addN([ops.depthwiseConv2d(h, d as Tensor4D, 1, 2), ops.maxPool(h, 3, 1), ops.avgPool(h, 3, 1)]);
        h = ops.resizeNearest(ops.depthwiseConv2d(h, d as Tensor4D, 2, 2), 2);
        h = ops.batchNormInference(ops.concatChannels([h]), gamma as Tensor1D, beta as Tensor1D, tf.zeros([4]), tf.ones([4]), EPSILON);
        return tf.mean(ops.softmaxCrossEntropy(ops.globalAveragePool(h), labels)) as ReturnType<typeof tf.scalar>;
      });
      value.dispose();
      tf.dispose(Object.values(grads));
    };
    step();
    const before = tf.memory();
    for (let i = 0; i < 5; i++) step();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });
}
