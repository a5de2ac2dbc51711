import { beforeAll, describe, expect, it } from "vitest";
import { type Backend, initBackend, tf } from "../../../src-main/engine/backend/index.ts";
import type { KernelImplementations } from "../../../src-main/engine/backend/ops/kernels.ts";
import { NativeKernels } from "../../../src-main/engine/backend/tensorflow/native.ts";
import { type ONE_DNN_FROM, type TensorFlowKernelOptions, tensorflowKernels } from "../../../src-main/engine/backend/tensorflow/tensorflow-kernels.ts";
import { callsInSource, namesInSource, recordNames } from "./kernels/native-names.ts";
import { describeKernels, KERNEL_NAMES } from "./kernels/run-checks.ts";
import { tensorflowMissing } from "./support/available.ts";

const missing = await tensorflowMissing();
const DIRECT = ["depthwiseDirect", "depthwiseDirectInputGradient", "depthwiseDirectFilterGradient"] as const;
const EVERY_SIZE = { conv: 1, convGradient: 1, depthwise: 1, batchNorm: 1, avgPool: 1, maxPool: 1 } satisfies typeof ONE_DNN_FROM;

describe.skipIf(missing !== undefined)(`kernels on TensorFlow${missing === undefined ? "" : ` (${missing})`}`, () => {
  let backend: Backend;
  let used: ReadonlySet<string>;
  const own = missing === undefined && tf.getKernel("Engine.depthwiseDirect", "tensorflow") !== undefined;

  beforeAll(async () => {
    backend = await initBackend({ prefer: "tensorflow" });
    used = recordNames();
  });

  const path = (options: TensorFlowKernelOptions): (() => KernelImplementations) => {
    let kernels: KernelImplementations | undefined;
    return () => {
      kernels ??= tensorflowKernels(new NativeKernels(), options);
      return kernels;
    };
  };

  describe.skipIf(!own)("own kernels, oneDNN for large sizes", () => describeKernels(path({ own: true, oneDnn: true })));
  // Without our kernels, only batch norm uses other TensorFlow kernels than in the path above.
  const replaced = own ? (["batchNorm", "batchNormGradient"] as const) : undefined;
  describe("oneDNN for large sizes", () => describeKernels(path({ own: false, oneDnn: true }), DIRECT, replaced));
  describe("neither", () => describeKernels(path({ own: false, oneDnn: false }), DIRECT));
  describe("oneDNN for all sizes", () => describeKernels(path({ own: false, oneDnn: true, oneDnnFrom: EVERY_SIZE }), DIRECT));

  it("of the optimizers", () => {
    const variables = [tf.variable(tf.tensor2d([[1, 2]])), tf.variable(tf.tensor1d([3]))];
    const gradients = { [variables[0]?.name ?? ""]: tf.tensor2d([[0.5, -1]]), [variables[1]?.name ?? ""]: tf.tensor1d([2]) };
    const values = (): number[] => variables.flatMap((variable) => [...variable.dataSync()]);
    const sgd = backend.createSgd(
      variables.map((variable) => ({ variable })),
      { momentum: 0.9 },
    );
    sgd.apply(gradients, 0.5);
    for (const [i, value] of [0.75, 2.5, 2].entries()) expect(values()[i]).toBeCloseTo(value, 6);
    const adam = backend.createAdam(variables.map((variable) => ({ variable })));
    adam.apply(gradients, 0.5);
    // The first step of Adam has the length of the learning rate.
    for (const [i, value] of [0.25, 3, 1.5].entries()) expect(values()[i]).toBeCloseTo(value, 6);
    for (const optimizer of [sgd, adam]) optimizer.dispose();
    tf.dispose([...variables, ...Object.values(gradients)]);
  });

  it("are exactly those that are registered", () => {
    const registered = tf
      .getKernelsForBackend("tensorflow")
      .flatMap(({ kernelName }) => (kernelName.startsWith("Engine.") ? [kernelName.slice("Engine.".length)] : []));
    expect(registered.sort()).toEqual(KERNEL_NAMES.filter((name) => own || !(DIRECT as readonly string[]).includes(name)).sort());
  });

  it("include every TensorFlow operation that the sources call by name", () => {
    const { all, withOneDnn } = namesInSource();
    expect(all.size).toBeGreaterThan(30);
    const expected = [...all].filter((name) => own || !name.startsWith("Ghn"));
    const oneDnn = used.has("_MklNativeConv2D") ? [...withOneDnn].map((name) => `_MklNative${name}`) : [];
    expect([...expected, ...oneDnn].filter((name) => !used.has(name))).toEqual([]);
    // Names are literals, or come from `choose`, or are oneDNN's trials: any other call would escape the list above.
    expect(callsInSource().filter((first) => !/^"\w+"$/.test(first) && !["name", "ONE_DNN_PREFIX + name"].includes(first))).toEqual([]);
  });
});
