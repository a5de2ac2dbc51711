/** A process that prints losses and gradients of random cells as JSON: `one-network.ts <own | plain> <threads>`. */
import { initBackend, type Tensor1D, type Tensor4D, tf } from "../../../../src-main/engine/backend/index.ts";
import { kernels } from "../../../../src-main/engine/backend/ops/kernels.ts";
import { forward } from "../../../../src-main/engine/network/forward.ts";
import { VariableWeights } from "../../../../src-main/engine/network/weights.ts";
import { Rng } from "../../../../src-main/engine/random.ts";
import { buildPlan } from "../../../../src-main/engine/spaces/cell/plan.ts";
import { sampleCell } from "../../../../src-main/engine/spaces/cell/sampler.ts";
import { networkConfigSchema } from "../../../../src-shared/domain/architecture/network.ts";
import { searchSpaceSchema } from "../../../../src-shared/domain/architecture/search-space.ts";

const [mode = "own", threads = "1"] = process.argv.slice(2);
const { ops } = await initBackend({ prefer: "tensorflow", threads: Number(threads), ownKernels: mode === "own" });
const input = { height: 12, width: 12, channels: 3, classes: 4 };
// 12 channels are not a multiple of a vector's 8; 24 are.
const network = networkConfigSchema.parse({ blocks: 3, initialChannels: 12, reductions: [1] });
const rng = Rng.fromSeed(1, "own-kernels");
const images = tf.tensor4d(
  Float32Array.from({ length: 6 * 12 * 12 * 3 }, () => rng.normal()),
  [6, 12, 12, 3],
) as Tensor4D;
const labels = tf.tensor1d([0, 1, 2, 3, 0, 1], "int32") as Tensor1D;
const space = searchSpaceSchema.parse({ nodes: 7 });
const results = Array.from({ length: 4 }, () => {
  const plan = buildPlan({ normal: sampleCell(space, rng) }, network, input);
  const weights = new VariableWeights(plan, Rng.fromSeed(2, "init"));
  const variables = weights.entries().map(({ variable }) => variable);
  const { value, grads } = tf.variableGrads(
    () =>
      ops
        .softmaxCrossEntropy(forward(plan, ops, weights, images, { statistics: "batch" }).logits, labels)
        .mean()
        .asScalar(),
    variables,
  );
  const gradients = variables.map((variable) => [...(grads[variable.name]?.dataSync() ?? [])]);
  return { loss: value.dataSync()[0], gradients };
});
// The kernels alone, whose bits must not depend on the number of threads.
const bits = tf.tidy(() => {
  const image = (n: number): Tensor4D =>
    tf.tensor4d(
      Float32Array.from({ length: n * 20 * 20 * 16 }, () => rng.normal()),
      [n, 20, 20, 16],
    );
  const [x, dy] = [image(40), image(40)];
  const w = tf.tensor4d(
    Float32Array.from({ length: 25 * 16 }, () => rng.normal()),
    [5, 5, 16, 1],
  );
  const vector = tf.ones([16]) as Tensor1D;
  const [dx, dw] = tf.grads((a, b) => ops.depthwiseConv2d(a as Tensor4D, b as Tensor4D, 1, 2, true))([x, w], dy);
  const [ex, eg] = tf.grads((a, b) => ops.batchNormTrain(a as Tensor4D, b as Tensor1D, vector, 1e-3).y)([x, vector], dy);
  return [ops.depthwiseConv2d(x, w, 1, 2, true), ops.batchNormTrain(x, vector, vector, 1e-3).y, dx, dw, ex, eg].map((t) =>
    [...(t?.dataSync() ?? [])].reduce((hash, value) => (Math.imul(hash, 31) + bitsOf(value)) | 0, 7),
  );
});
function bitsOf(value: number): number {
  return new DataView(Float32Array.of(value).buffer).getInt32(0);
}
process.stdout.write(`${JSON.stringify({ own: kernels.hasDirectDepthwise(), results, bits })}\n`, () => process.exit(0));
